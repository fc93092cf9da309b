// Follows the tally over a WebSocket, and says so when it cannot. Connects again by itself, with back-off and jitter.
"use strict";

(() => {
  const FIRST_WAIT_MS = 500;
  const LONGEST_WAIT_MS = 15000;
  const SILENCE_MS = 40000; // the server speaks every 15 s at least
  const ANNOUNCE_MS = 8000; // a screen reader is told no more often than that
  const SAY = {
    connecting: "Connecting…",
    live: "Live",
    lost: "Connection lost. Reconnecting…",
    stale: "Count interrupted. Showing the last known votes",
  };

  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  const status = find("status");
  const sides = ["a", "b"].map((key) => ({
    key,
    panel: document.querySelector(`.side.side-${key}`),
    count: find(`count-${key}`),
    percent: find(`percent-${key}`),
    bar: find(`bar-${key}`),
  }));
  const number = new Intl.NumberFormat("en");
  const share = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });

  let socket = null;
  let failures = 0;
  let retry = 0;
  let watchdog = 0;
  let announcing = 0;
  let summary = "";

  function setState(state) {
    if (document.body.dataset.state === state) return;
    document.body.dataset.state = state;
    status.dataset.state = state;
    status.querySelector(".say").textContent = SAY[state];
  }

  function unit(count) {
    return count === 1 ? "vote" : "votes";
  }

  function leader(counts) {
    const [a, b] = sides.map((side) => ({ name: side.panel.dataset.name, votes: counts[side.key] }));
    if (counts.total === 0) return "No votes yet. Be the first.";
    if (a.votes === b.votes) return "A dead heat.";
    const [first, second] = a.votes > b.votes ? [a, b] : [b, a];
    const ahead = first.votes - second.votes;
    return `${first.name} lead by ${number.format(ahead)} ${unit(ahead)}.`;
  }

  function put(element, value, key) {
    element.textContent = number.format(value);
    element.dataset.value = value;
    find(`unit-${key}`).textContent = unit(value);
  }

  function show(counts) {
    for (const { key, panel, count, percent, bar } of sides) {
      const part = counts.total === 0 ? 0 : counts[key] / counts.total;
      put(count, counts[key], key);
      percent.textContent = share.format(part);
      bar.style.setProperty("--share", part);
      bar.dataset.share = part;
      panel.dataset.leads = String(counts[key] * 2 > counts.total);
    }
    put(find("total"), counts.total, "total");
    find("leader").textContent = leader(counts);
    announce(counts);
  }

  function announce(counts) {
    summary =
      sides.map((side) => `${side.panel.dataset.name} ${side.percent.textContent}`).join(", ") +
      ` of ${number.format(counts.total)} ${unit(counts.total)}.`;
    if (announcing) return;
    announcing = setTimeout(() => {
      announcing = 0;
      if (find("announcement").textContent !== summary) find("announcement").textContent = summary;
    }, ANNOUNCE_MS);
  }

  function watch() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => drop(socket), SILENCE_MS);
  }

  // Full jitter, so that the pages of a restarted server do not all come back in the same moment.
  function nextWaitMs() {
    const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
    failures += 1;
    return Math.random() * ceiling;
  }

  function drop(dead) {
    if (dead !== socket) return;
    socket = null;
    clearTimeout(watchdog);
    dead?.close();
    setState("lost");
    clearTimeout(retry);
    retry = setTimeout(connect, nextWaitMs());
  }

  function connect() {
    clearTimeout(retry);
    const mine = new WebSocket(new URL("/ws", location.href.replace(/^http/, "ws")));
    socket = mine;
    watch();
    mine.addEventListener("message", (event) => {
      if (mine !== socket) return;
      const counts = JSON.parse(event.data);
      failures = 0;
      watch();
      if (counts.total !== null) show(counts);
      setState(counts.live ? "live" : "stale");
    });
    mine.addEventListener("close", () => drop(mine));
    mine.addEventListener("error", () => drop(mine));
  }

  // When the machine wakes up or finds its network again, waiting on would be waiting for nothing.
  function hurry() {
    if (socket === null) {
      failures = 0;
      connect();
    }
  }

  // What the server wrote into the page, until the socket brings news.
  const written = Object.fromEntries([...sides.map((side) => [side.key, side.count]), ["total", find("total")]].map(
    ([key, element]) => [key, Number(element.dataset.value || NaN)],
  ));
  if (!Number.isNaN(written.total)) show(written);

  window.addEventListener("online", hurry);
  window.addEventListener("offline", () => drop(socket));
  document.addEventListener("visibilitychange", () => document.hidden || hurry());
  connect();
})();
