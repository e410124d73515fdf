/** What the demo sells; prices in paise. */
export interface DemoProduct {
  name: string;
  category: "milk" | "newspaper" | "curd" | "dairy" | "vegetables" | "groceries";
  unit: string;
  price_paise: number;
  active: boolean;
}

const product = (
  category: DemoProduct["category"],
  name: string,
  unit: string,
  price_paise: number,
  active = true,
): DemoProduct => ({ name, category, unit, price_paise, active });

export const catalogue: readonly DemoProduct[] = [
  product("milk", "Toned milk", "500 ml", 2400),
  product("milk", "Toned milk", "1 l", 4600),
  product("milk", "Full cream milk", "500 ml", 3400),
  product("milk", "Full cream milk", "1 l", 6600),
  product("milk", "Cow milk", "1 l", 5600),
  product("milk", "Buffalo milk", "1 l", 7200),
  product("milk", "A2 cow milk in glass", "1 l", 11000),
  product("milk", "Skimmed milk", "500 ml", 2200, false),
  product("newspaper", "English daily", "copy", 700),
  product("newspaper", "Kannada daily", "copy", 600),
  product("newspaper", "Hindi daily", "copy", 600),
  product("newspaper", "Tamil daily", "copy", 700),
  product("newspaper", "Business daily", "copy", 1200),
  product("newspaper", "Evening paper", "copy", 300, false),
  product("curd", "Curd", "500 g", 3500),
  product("curd", "Curd", "1 kg", 6500),
  product("curd", "Buttermilk", "500 ml", 2000),
  product("curd", "Flavoured lassi", "200 ml", 2500, false),
  product("dairy", "Paneer", "200 g", 9500),
  product("dairy", "Butter", "100 g", 6000),
  product("dairy", "Cow ghee", "500 ml", 34500),
  product("vegetables", "Tomatoes", "1 kg", 4200),
  product("vegetables", "Onions", "1 kg", 3800),
  product("vegetables", "Potatoes", "1 kg", 3400),
  product("vegetables", "Carrots", "500 g", 3600),
  product("vegetables", "Green beans", "500 g", 4500),
  product("vegetables", "Spinach", "bunch", 2000),
  product("vegetables", "Coriander", "bunch", 1200),
  product("vegetables", "Coconut", "piece", 3800),
  product("vegetables", "Bananas", "dozen", 6500),
  product("groceries", "Eggs", "6 pieces", 5200),
  product("groceries", "Whole wheat bread", "400 g", 5000),
  product("groceries", "Idli batter", "1 kg", 8500),
  product("groceries", "Sona masoori rice", "5 kg", 36000),
  product("groceries", "Toor dal", "1 kg", 16500),
  product("groceries", "Wheat flour", "5 kg", 27500),
  product("groceries", "Filter coffee powder", "250 g", 18000),
  product("groceries", "Sugar", "1 kg", 4800),
  product("groceries", "Sunflower oil", "1 l", 15500),
  product("groceries", "Tender coconut water", "200 ml", 4000),
];
