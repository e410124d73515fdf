/** The library as it was before its three changes, with a few books to lend. */
export const createSchema = async (pool) => {
  await pool.query(`
    create table if not exists books (
      id    text primary key,
      title text not null,
      lost  boolean not null default false
    );
    create table if not exists loans (
      id       text primary key,
      book_id  text not null references books (id),
      reader   text not null,
      lent_on  date not null default current_date,
      state    text not null default 'out' check (state in ('out', 'back', 'closed'))
    )`);
  await pool.query(`
    insert into books (id, title) values ('book-000001', 'Malgudi Days'), ('book-000002', 'The Guide'), ('book-000003', 'Gitanjali')
    on conflict do nothing`);
};
