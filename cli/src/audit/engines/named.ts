/**
 * Gives each column of a select list that is only `alias.column` its name: `alias.column AS column`. That is what standard SQL calls it anyway;
 * ClickHouse calls it `alias.column` where another relation of a join has a column of that name.
 */
export function named(query: string): string {
  const lists = [false];
  let item = '';
  let out = '';
  const end = () => {
    const column = /^(\s*(?:DISTINCT )?)([a-z]\.([a-z_]+))(\s*)$/.exec(item);
    out += lists.at(-1) && column ? `${column[1]}${column[2]} AS ${column[3]}${column[4]}` : item;
    item = '';
  };
  for (const part of query.split(/('(?:[^']|'')*'|[(),]|\b(?:SELECT|FROM)\b)/)) {
    if (part === '(' || part === ')' || part === ',' || part === 'SELECT' || part === 'FROM') {
      end();
      out += part;
      if (part === '(') lists.push(false);
      else if (part === ')') lists.pop();
      else if (part !== ',') lists[lists.length - 1] = part === 'SELECT';
    } else {
      item += part;
    }
  }
  end();
  return out;
}
