/** The parts of the city that are served, each with its postal code; one delivery person an area. */
export const areas: readonly { name: string; pin: string }[] = [
  { name: "Indiranagar", pin: "560038" },
  { name: "Jayanagar", pin: "560041" },
  { name: "Koramangala", pin: "560034" },
  { name: "Malleshwaram", pin: "560003" },
  { name: "Whitefield", pin: "560066" },
  { name: "HSR Layout", pin: "560102" },
  { name: "Basavanagudi", pin: "560004" },
  { name: "Rajajinagar", pin: "560010" },
  { name: "JP Nagar", pin: "560078" },
  { name: "Banashankari", pin: "560070" },
  { name: "Hebbal", pin: "560024" },
  { name: "BTM Layout", pin: "560076" },
];

export const buildings: readonly string[] = [
  "Lakeview Residency",
  "Sai Krupa Apartments",
  "Gulmohar Enclave",
  "Shanti Nivas",
  "Palm Grove",
  "Sri Lakshmi Towers",
  "Silver Oaks",
  "Tulasi Heights",
  "Brindavan Apartments",
  "Prakruti Homes",
];

export const streets: readonly string[] = [
  "1st Cross",
  "2nd Cross",
  "4th Cross",
  "7th Cross",
  "11th Cross",
  "3rd Main",
  "5th Main",
  "9th Main",
  "14th Main",
  "Temple Street",
  "Park Road",
  "Tank Bund Road",
];

export const firstNames: readonly string[] = [
  ..."Aarav Aditi Aishwarya Ajay Akshata Amit Anand Anil Anjali Arjun Arun Asha Bhavana Chaitra".split(" "),
  ..."Chandan Deepa Deepak Divya Farhan Ganesh Gayatri Girish Harish Harpreet Ishaan Jaya Karthik".split(" "),
  ..."Kavya Kiran Lakshmi Lata Madhav Mahesh Manoj Mary Meera Mohan Nandini Naveen Nikhil Nisha".split(" "),
  ..."Padma Pooja Prasad Priya Rahul Rajesh Rashmi Ravi Rekha Ritu Roopa Sachin Sandhya Sanjay".split(" "),
  ..."Shalini Shreya Shruti Sneha Sridhar Sudha Sunil Sunita Swathi Thomas Uma Usha Vasanth Vidya".split(" "),
  ..."Vijay Vikram Vinay Yamini Yusuf Zainab".split(" "),
];

export const lastNames: readonly string[] = [
  ..."Acharya Ahmed Bhat Bose Chandra Das Desai Gowda Gupta Hegde Iyengar Iyer Jain Joshi Kamath".split(" "),
  ..."Kaur Khan Kulkarni Kumar Mathew Menon Mishra Murthy Naidu Nair Nayak Pai Patel Patil Pillai".split(" "),
  ..."Prabhu Rangan Rao Reddy Sharma Shenoy Shetty Singh Srinivasan Subramaniam Thomas Varma Yadav".split(
    " ",
  ),
];
