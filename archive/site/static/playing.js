// A player on the recording's own time: it seeks, stops where a cited stretch ends, and leaves
// out what was withdrawn. Times are milliseconds of the recording.

const TICK = 100;
// A stretch is left a little before it begins: a player tells its time only now and then.
const EARLY = 150;

// What `?t=from,to` asks for, in milliseconds; null when it is no time.
export function moment(search) {
  const asked = new URLSearchParams(search).get("t") ?? "";
  const match = /^(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?$/.exec(asked);
  if (!match) return null;
  const [from, to] = [Number(match[1]) * 1000, match[2] && Number(match[2]) * 1000];
  return { from, to: to > from ? to : null };
}

export class Playing {
  constructor(page, media, onTime = () => {}) {
    this.media = media;
    this.offset = Math.round(Number(page.dataset.offset) * 1000);
    this.withdrawn = JSON.parse(page.dataset.withdrawn ?? "[]");
    this.stopAt = null;
    this.onTime = onTime;
    media.addEventListener("play", () => this.tick());
    for (const event of ["seeking", "timeupdate"]) {
      media.addEventListener(event, () => this.leaveOut());
    }
    media.addEventListener("seeked", () => onTime(this.now));
  }

  get now() {
    return Math.round(this.media.currentTime * 1000) - this.offset;
  }

  seek(milliseconds, { play = false, to = null } = {}) {
    this.stopAt = to;
    this.media.currentTime = Math.max(0, milliseconds + this.offset) / 1000;
    this.leaveOut();
    if (play) this.media.play().catch(() => {}); // the browser may want a press first
    this.onTime(this.now);
  }

  // Call `begin` once the media can seek.
  whenReady(begin) {
    if (this.media.readyState >= HTMLMediaElement.HAVE_METADATA) begin();
    else this.media.addEventListener("loadedmetadata", begin, { once: true });
  }

  leaveOut() {
    const now = this.now;
    const inside = this.withdrawn.find(([start, end]) => now >= start - EARLY && now < end);
    if (!inside) return;
    const after = (inside[1] + this.offset) / 1000;
    if (after >= this.media.duration) this.media.pause();
    this.media.currentTime = after;
  }

  tick() {
    this.leaveOut();
    if (this.stopAt !== null && this.now >= this.stopAt) {
      this.media.pause();
      this.stopAt = null;
    }
    this.onTime(this.now);
    clearTimeout(this.timer);
    if (!this.media.paused) this.timer = setTimeout(() => this.tick(), TICK);
  }
}
