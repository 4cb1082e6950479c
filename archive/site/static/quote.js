// Selected words become a quote: text, who, when, whether a person checked name and words, and
// an address that plays just that; or the code that shows it on another site.
import { offsetOf, wordRanges } from "./words.js";

const STILL = 400; // ms without a change: the visitor has finished selecting

function partOf(passage, range) {
  const { said } = passage;
  if (!range.intersectsNode(said)) return null;
  const whole = new Range();
  whole.selectNodeContents(said);
  const starts = range.compareBoundaryPoints(Range.START_TO_START, whole) > 0;
  const ends = range.compareBoundaryPoints(Range.END_TO_END, whole) < 0;
  const from = starts ? offsetOf(said, range.startContainer, range.startOffset) : 0;
  const to = ends
    ? offsetOf(said, range.endContainer, range.endOffset)
    : said.textContent.length;
  return to > from ? { passage, from, to } : null;
}

// The words that a part touches, as [first, last] positions; null when it touches none.
function touched(ranges, { from, to }) {
  const first = ranges.findIndex(([, end]) => end > from);
  const last = ranges.findLastIndex(([start]) => start < to);
  return first < 0 || last < first ? null : [first, last];
}

export function offerQuotes(page, { passages, wordTimes, address, seek }) {
  const box = page.querySelector("[data-quote]");
  const words = box.querySelector("[data-quote-words]");
  const from = box.querySelector("[data-quote-from]");
  const link = box.querySelector("[data-quote-link]");
  let place = null;

  async function offer() {
    const selection = getSelection();
    if (selection.isCollapsed || !selection.rangeCount) return;
    const range = selection.getRangeAt(0);
    const spans = passages()
      .map((passage) => partOf(passage, range))
      .filter(Boolean)
      .map((part) => ({ ...part, ranges: wordRanges(part.passage) }))
      .map((part) => ({ ...part, at: touched(part.ranges, part) }))
      .filter((part) => part.at);
    if (!spans.length) return;
    const times = await wordTimes();
    const [begin, end] = [spans[0], spans.at(-1)];
    const last = times[end.passage.start] ?? [];
    place = {
      from: times[begin.passage.start]?.[begin.at[0]] ?? begin.passage.start,
      to: last[end.at[1] + 1] ?? end.passage.end,
    };
    const text = spans
      .map(({ passage, ranges, at }) =>
        passage.said.textContent.slice(ranges[at[0]][0], ranges[at[1]][1]),
      )
      .join(" ");
    words.textContent = `« ${text} »`;
    from.textContent = source(spans);
    link.href = address(place.from, place.to);
    box.hidden = false;
  }

  // Every speaker of the selection, each name with how it was given; then date, event, words.
  function source(spans) {
    const { doubt, confirmed, checked, unconfirmed, event, date } = page.dataset;
    const turns = new Set(spans.map(({ passage }) => passage.element.closest(".turn")));
    const names = [...turns].map(({ dataset: { speaker, role, name } }) => {
      const given = name && (name === "doubtful" ? doubt : confirmed);
      return [[speaker, given].filter(Boolean).join(" "), role].filter(Boolean).join(", ");
    });
    const all = spans.every(({ passage }) => "checked" in passage.element.dataset);
    return [...new Set(names), event, date, all ? checked : unconfirmed].join(" – ");
  }

  async function copy(text, event) {
    await navigator.clipboard?.writeText(text);
    event.target.textContent = page.dataset.quoteCopied;
  }

  let pressed = false;
  let waiting = null;
  document.addEventListener("pointerdown", () => (pressed = true));
  document.addEventListener("pointerup", () => {
    pressed = false;
    setTimeout(offer);
  });
  document.addEventListener("pointercancel", () => (pressed = false)); // a finger's long press
  document.addEventListener("selectionchange", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => pressed || offer(), STILL);
  });
  document.addEventListener("keyup", (event) => {
    if (event.key === "Escape") box.hidden = true;
  });
  box.querySelector("[data-quote-close]").addEventListener("click", () => (box.hidden = true));
  box.querySelector("[data-quote-copy]").addEventListener("click", (event) => {
    const url = new URL(link.getAttribute("href"), location.href);
    copy(`${words.textContent}\n${from.textContent}\n${url.href}`, event);
  });
  box.querySelector("[data-quote-embed]")?.addEventListener("click", (event) => {
    const code = page.querySelector("[data-embed-code]").value;
    const frame = new DOMParser().parseFromString(code, "text/html").querySelector("iframe");
    frame.src = page.dataset.embed + address(place.from, place.to);
    copy(frame.outerHTML, event);
  });
  link.addEventListener("click", (event) => {
    event.preventDefault();
    event.stopPropagation();
    history.replaceState(null, "", link.getAttribute("href"));
    seek(place.from, { play: true, to: place.to });
  });
  offer(); // words may have been selected while the page was loading
}
