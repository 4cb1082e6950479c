// The player that other sites frame: a stretch starts where it should and stops at its end.
import { moment, Playing } from "./playing.js";

const page = document.querySelector("[data-embedded]");
const media = page.querySelector("video, audio");
const asked = moment(location.search);
if (media) {
  const playing = new Playing(page, media);
  if (asked) playing.whenReady(() => playing.seek(asked.from, { to: asked.to }));
}
