/** The French catalogue as translators left it. */

import { readFileSync } from 'node:fs';

/** @param {string} entry @param {string} field @returns {string} its text, over all its lines */
function text(entry, field) {
  const lines = new RegExp(`^${field} ((?:"(?:[^"\\\\]|\\\\.)*"\n?)+)`, 'm').exec(entry)?.[1] ?? '';
  return lines.split('\n').filter(Boolean).map((line) => JSON.parse(line)).join('');
}

/** @returns {Map<string, {files: string[], said: string}>} by the English: where it is said, and the French (of several the first) */
export function french() {
  const entries = readFileSync('pwa/locale/fr.po', 'utf8').split('\n\n');
  return new Map(entries.map((entry) => [text(entry, 'msgid'), {
    files: [...entry.matchAll(/^#: (.*)$/gm)].flatMap(([, files = '']) => files.split(' ')), said: text(entry, 'msgstr') || text(entry, 'msgstr\\[0\\]'),
  }]));
}
