/** A text as a literal of SQL. */
export const text = (value: string): string => `'${value.replace(/'/g, '\'\'')}'`;

/** Texts as a list of literals. */
export const texts = (values: readonly string[]): string => values.map(text).join(', ');

/** `field` is one of these. */
export const oneOf = (field: string, values: readonly string[]): string => values.length === 1 ? `${field} = ${text(values[0])}` : `${field} IN (${texts(values)})`;

export const all = (...conditions: string[]): string => conditions.length === 1 ? conditions[0] : `(${conditions.join(' AND ')})`;
export const any = (...conditions: string[]): string => conditions.length === 1 ? conditions[0] : `(${conditions.join(' OR ')})`;
