// A long transcript comes in parts: each is fetched when the reader or the player comes near it,
// and all of them in idle moments where that costs the visitor nothing.

const NEAR = "1500px";

export function offerPieces(page, { frugal, added }) {
  const holder = page.querySelector("[data-pieces]");
  const links = [...page.querySelectorAll(".parts a")];
  const starts = new Map(links.map((l) => [Number(l.dataset.part), Number(l.dataset.from)]));
  const asked = new Map();
  const here = () => [...holder.children].map((piece) => Number(piece.dataset.part));

  async function fetched(part) {
    const answer = await fetch(`?part=${part}`);
    const text = answer.ok ? await answer.text() : "";
    const piece = new DOMParser().parseFromString(text, "text/html").querySelector(".piece");
    if (!piece) return asked.delete(part);
    const next = [...holder.children].find((one) => Number(one.dataset.part) > part);
    holder.insertBefore(document.adoptNode(piece), next ?? null);
    added();
    return true;
  }

  // Resolves once the part stands in the page.
  function load(part) {
    if (!starts.has(part) || here().includes(part)) return Promise.resolve();
    if (!asked.has(part)) asked.set(part, fetched(part).catch(() => asked.delete(part)));
    return asked.get(part);
  }

  const partAt = (time) =>
    [...starts].findLast(([, from]) => from <= time)?.[0] ?? 1;

  const missing = () => [...starts.keys()].filter((part) => !here().includes(part));
  const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 500));
  async function loadInIdleMoments() {
    const [after] = missing().filter((part) => part > here().at(-1));
    const part = after ?? missing().at(-1);
    if (part === undefined) return;
    await load(part);
    if (here().includes(part)) idle(loadInIdleMoments);
  }

  const end = document.createElement("div");
  holder.after(end);
  new IntersectionObserver(
    ([seen]) => seen.isIntersecting && load(here().at(-1) + 1),
    { rootMargin: NEAR },
  ).observe(end);
  if (!frugal) addEventListener("load", () => idle(loadInIdleMoments), { once: true });

  page.addEventListener("click", async (event) => {
    const link = event.target.closest?.(".parts a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const part = Number(link.dataset.part);
    await load(part);
    holder.querySelector(`[data-part="${part}"]`)?.scrollIntoView();
    for (const one of links) {
      one.toggleAttribute("aria-current", false);
      if (Number(one.dataset.part) === part) one.setAttribute("aria-current", "true");
    }
  });

  return { load: (time) => load(partAt(time)) };
}
