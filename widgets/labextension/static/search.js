// Finding a metric by what a person types: its name, its abbreviation, or words of its meaning.

/**
 * @typedef {{ id: string, name: string, abbr: string, topic: string, unit: string, better: string, meaning: string,
 *   formula: string, missing: string, options: Record<string, Record<string, string>>, choices: Record<string, string>,
 *   sources: string[], version: number, signature: string, code: string }} Metric
 */

/** @param {string} text */
const folded = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

/**
 * The metrics that hold every word that was typed, those with the words in their name first.
 * @param {Metric[]} metrics @param {string} typed
 */
export function search(metrics, typed) {
  const words = folded(typed).split(/\s+/).filter(Boolean);
  const ranked = metrics.map((metric) => ({ metric, rank: rank(metric, words) })).filter(({ rank }) => rank >= 0);
  return ranked.sort((a, b) => a.rank - b.rank).map(({ metric }) => metric);
}

/** 0 is the metric itself, 1 its name, 2 anything else about it, -1 none. @param {Metric} metric @param {string[]} words */
function rank(metric, words) {
  const name = folded(`${metric.name} ${metric.abbr} ${metric.id}`);
  const rest = folded(`${name} ${metric.topic} ${metric.meaning} ${metric.formula} ${metric.code}`);
  if (words.length === 0) return 1;
  if (words.join(" ") === folded(metric.abbr) || words.join("_") === metric.id) return 0;
  if (words.every((word) => name.includes(word))) return 1;
  return words.every((word) => rest.includes(word)) ? 2 : -1;
}
