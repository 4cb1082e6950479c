// Where the words of a passage lie in the page, and where a place of the page lies among them.

// [start, end] of each word in the passage's text.
export function wordRanges(passage) {
  passage.ranges ??= [...passage.said.textContent.matchAll(/\S+/g)].map((found) => [
    found.index,
    found.index + found[0].length,
  ]);
  return passage.ranges;
}

// How many characters of `said` stand before a place in it.
export function offsetOf(said, node, offset) {
  const before = new Range();
  before.setStart(said, 0);
  before.setEnd(node, offset);
  return before.toString().length;
}

// The range of the page that holds characters [from, to) of `said`.
export function rangeOf(said, from, to) {
  const range = new Range();
  const texts = document.createTreeWalker(said, NodeFilter.SHOW_TEXT);
  let before = 0;
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const after = before + node.length;
    if (from >= before && from < after) range.setStart(node, from - before);
    if (to > before && to <= after) {
      range.setEnd(node, to - before);
      break;
    }
    before = after;
  }
  return range;
}
