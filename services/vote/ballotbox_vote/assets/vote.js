// Votes without leaving the page, tells what became of the vote, and tries again while the ballot box cannot be reached.
// Without this script the form does the same by an ordinary POST.
"use strict";

(() => {
  const ATTEMPTS = 6;
  const FIRST_WAIT_MS = 500;
  const LONGEST_WAIT_MS = 8000;
  const GIVE_UP_MS = 10000;

  const form = document.querySelector(".ballot");
  const buttons = [...form.querySelectorAll(".choice")];
  const current = document.querySelector("[data-testid=current-choice]");
  const message = document.querySelector("[data-testid=message]");
  let wanted = null; // the choice that is still to be sent; a newer click replaces it
  let working = false;
  let wake = () => {}; // ends the wait before the next attempt

  function say(text, kind) {
    message.textContent = text;
    message.dataset.kind = kind;
  }

  function show(choice) {
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.value === choice));
      if (button.value === choice) {
        current.textContent = button.dataset.name;
        current.dataset.choice = choice;
      }
    }
  }

  function busy(choice) {
    for (const button of buttons) {
      button.setAttribute("aria-busy", String(button.value === choice));
    }
  }

  function wait(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  // Full jitter, but never sooner than the server asked for.
  function nextWaitMs(attempt, response) {
    const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
    const asked = Number(response?.headers.get("Retry-After")) * 1000 || 0;
    return Math.max(asked, Math.random() * ceiling);
  }

  // What became of one attempt: `answer` is there when the server decided, for or against.
  async function attempt(choice) {
    try {
      const response = await fetch("/", {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/json" },
        body: JSON.stringify({ choice }),
        signal: AbortSignal.timeout(GIVE_UP_MS),
      });
      const decided = ![502, 503, 504].includes(response.status);
      return { response, answer: decided ? await response.json() : null };
    } catch {
      return { response: null, answer: null };
    }
  }

  function tell(response, answer) {
    if (response.ok) {
      show(answer.choice);
      say("Counted. You can change it at any time.", "good");
    } else {
      say(`Not counted: ${answer.detail ?? "the server refused it."}`, "bad");
    }
  }

  // One request at a time, so that the server meets this voter's votes in the order of the clicks.
  async function work() {
    for (let number = 0; wanted !== null; number += 1) {
      const choice = wanted;
      wanted = null;
      busy(choice);
      const { response, answer } = await attempt(choice);
      if (answer !== null) {
        tell(response, answer);
        number = -1;
      } else if (number + 1 < ATTEMPTS) {
        say(response ? "The ballot box is busy. Trying again…" : "Connection lost. Trying again…", "bad");
        if (wanted === null) await wait(nextWaitMs(number, response));
        wanted ??= choice;
      } else {
        say("Not counted: the ballot box cannot be reached. Please try again in a moment.", "bad");
        number = -1;
      }
    }
    busy(null);
  }

  form.addEventListener("submit", async (event) => {
    const choice = event.submitter?.value;
    if (!choice) return;
    event.preventDefault();
    wanted = choice;
    wake();
    if (working) return;
    working = true;
    try {
      await work();
    } finally {
      working = false;
    }
  });

  window.addEventListener("offline", () => say("You are offline. Your vote so far is safe.", "bad"));
  window.addEventListener("online", () => say("You are back online.", "good"));
})();
