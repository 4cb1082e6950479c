// Selected words become a quote: text, who, when, whether a person checked it, and an
// address that plays just that.

function partOf(passage, range) {
  const node = passage.said.firstChild;
  if (!node || !range.intersectsNode(passage.said)) return null;
  const from = range.startContainer === node ? range.startOffset : 0;
  const to = range.endContainer === node ? range.endOffset : node.length;
  return to > from ? { passage, from, to } : null;
}

// The words that a part touches, as [first, last] positions; null when it touches none.
function touched(ranges, { from, to }) {
  const first = ranges.findIndex(([, end]) => end > from);
  const last = ranges.findLastIndex(([start]) => start < to);
  return first < 0 || last < first ? null : [first, last];
}

export function offerQuotes(page, { passages, wordTimes, wordRanges, address, seek }) {
  const box = page.querySelector("[data-quote]");
  const words = box.querySelector("[data-quote-words]");
  const from = box.querySelector("[data-quote-from]");
  const link = box.querySelector("[data-quote-link]");
  let place = null;

  async function offer() {
    const selection = getSelection();
    if (selection.isCollapsed || !selection.rangeCount) return;
    const range = selection.getRangeAt(0);
    const parts = passages.map((passage) => partOf(passage, range)).filter(Boolean);
    const spans = parts
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

  // Every speaker of the selection, each name with its doubt; then date, event, text's doubt.
  function source(spans) {
    const turns = new Set(spans.map(({ passage }) => passage.element.closest(".turn")));
    const names = [...turns].map(({ dataset }) =>
      [
        dataset.speaker + ("doubtful" in dataset ? ` ${page.dataset.doubt}` : ""),
        dataset.role,
      ].filter(Boolean).join(", "),
    );
    const checked = spans.every(({ passage }) => "checked" in passage.element.dataset);
    const doubt = checked ? [] : [page.dataset.unconfirmed];
    return [...new Set(names), page.dataset.event, page.dataset.date, ...doubt].join(" – ");
  }

  document.addEventListener("pointerup", () => setTimeout(offer));
  document.addEventListener("keyup", (event) => {
    if (event.key === "Escape") box.hidden = true;
    else if (event.shiftKey || event.key === "Shift") offer();
  });
  box.querySelector("[data-quote-close]").addEventListener("click", () => (box.hidden = true));
  box.querySelector("[data-quote-copy]").addEventListener("click", async (event) => {
    const url = new URL(link.getAttribute("href"), location.href);
    const quote = `${words.textContent}\n${from.textContent}\n${url.href}`;
    await navigator.clipboard?.writeText(quote);
    event.target.textContent = page.dataset.quoteCopied;
  });
  link.addEventListener("click", (event) => {
    event.preventDefault();
    event.stopPropagation();
    history.replaceState(null, "", link.getAttribute("href"));
    seek(place.from, { play: true, to: place.to });
  });
}
