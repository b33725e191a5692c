/** What foreign names become in Python source: text that cannot end the string it stands in, and names that are no keywords. */

/** Words that name no variable, those the written source uses itself, and what a module of PyTorch has already. */
const reserved: ReadonlySet<string> = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global if ' +
    'import in is lambda nonlocal not or pass raise return try while with yield ' +
    'self super torch nn F x keras layers build load float len range Network ' +
    'forward train eval training parameters modules children buffers apply type half double cpu cuda to state_dict'
  ).split(' '),
);

/** A string as Python reads it back. */
export function pythonString(text: string): string {
  const escaped = text
    .replaceAll(/[\\']/g, '\\$&')
    .replaceAll(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `'${escaped}'`;
}

/** A line of a docstring in three double quotes. */
export function docstringText(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll('\\', '/')
    .replaceAll('"', "'");
}

/** A variable named after `id`; `isTaken` tells which names are gone. */
export function pythonName(id: string, isTaken: (name: string) => boolean): string {
  const plain = id.replaceAll(/\W+/g, '_').replace(/^(?![A-Za-z_])/, 'layer_');
  const wanted = reserved.has(plain) ? `${plain}_` : plain;
  let name = wanted;
  for (let count = 2; isTaken(name); count++) name = `${wanted}_${count}`;
  return name;
}
