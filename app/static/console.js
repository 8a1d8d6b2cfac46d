// The shell: CSRF and the shop of the page for htmx and fetch, theme, live jobs, confirmations, toasts. Others use window.kuaidan.
(function () {
  "use strict";
  const root = document.documentElement;
  const token = () => document.querySelector('meta[name="csrf-token"]').content;
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const one = (selector, within) => (within || document).querySelector(selector);

  // Each page says which shop it is of: another tab may have switched to another one meanwhile.
  const shop = (one('meta[name="shop"]') || {}).content;
  const ofShop = () => (shop ? { "X-Shop": shop } : {});

  async function send(url, options) {
    const headers = Object.assign({ "X-CSRFToken": token(), Accept: "application/json" }, ofShop(), (options || {}).headers);
    return fetch(url, Object.assign({ credentials: "same-origin" }, options, { headers }));
  }

  function make(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function toast(text, bad) {
    const box = make("div", "k-toast" + (bad ? " k-bad" : ""), text);
    const close = make("button", "", "×");
    close.type = "button";
    close.setAttribute("aria-label", root.lang === "en" ? "Close" : "关闭");
    close.addEventListener("click", () => box.remove());
    box.append(close);
    one("[data-toasts]").append(box);
    if (!bad) setTimeout(() => box.remove(), 6000);
  }

  // Confirmations: data-confirm on a form or on its button; data-confirm-title and data-confirm-yes name the deed.
  function ask(source) {
    const dialog = one("[data-confirm-dialog]");
    const title = one("[data-confirm-title]", dialog), yes = one("[data-confirm-yes]", dialog);
    title.textContent = source.dataset.confirmTitle || title.dataset.default;
    one("[data-confirm-text]", dialog).textContent = source.dataset.confirm;
    yes.textContent = source.dataset.confirmYes || yes.dataset.default;
    yes.classList.toggle("btn-danger", source.dataset.confirmTone === "danger");
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
  }

  document.addEventListener("submit", async (event) => {
    const button = event.submitter;
    const source = button && button.dataset.confirm ? button : event.target;
    if (!source.dataset.confirm || source.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!(await ask(source))) return;
    source.dataset.confirmed = "yes";
    event.target.requestSubmit(button || undefined);
    delete source.dataset.confirmed;
  }, true);

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (shop && !form.elements._shop) {
      const field = make("input");
      Object.assign(field, { type: "hidden", name: "_shop", value: shop });
      form.append(field);
    }
    if (form.target) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 4000);
  });

  document.addEventListener("htmx:configRequest", (event) => { Object.assign(event.detail.headers, { "X-CSRFToken": token() }, ofShop()); });
  document.addEventListener("htmx:responseError", (event) => fail(event.detail.xhr));
  function fail(xhr) {
    let text = "";
    try { text = JSON.parse(xhr.responseText).message; } catch (plain) {
      const page = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("h1");
      text = page ? page.textContent : String(xhr.status);
    }
    toast(text, true);
  }

  // Theme
  function paint(choice) {
    root.dataset.themeChoice = choice;
    const dark = choice === "dark" || (choice === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.bsTheme = dark ? "dark" : "light";
    all("[data-theme-set]").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.themeSet === choice)));
    document.dispatchEvent(new CustomEvent("kuaidan:theme", { detail: root.dataset.bsTheme }));
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paint(root.dataset.themeChoice));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-set]");
    if (!button) return;
    paint(button.dataset.themeSet);
    send(button.dataset.themeUrl, { method: "POST", body: new URLSearchParams({ theme: button.dataset.themeSet }) });
  });

  // Switching the shop stays on a list page; details of another shop would be "not found".
  all("[data-switch-shop]").forEach((link) => {
    if (!/\/\d+/.test(location.pathname)) link.href = location.pathname + "?shop=" + encodeURIComponent(link.dataset.switchShop);
  });

  // Jobs: the menu in the top bar and every [data-job="ID"] on the page.
  const menu = one("[data-jobs-live]");
  const seen = new Map();
  let timer = 0;

  function words(job) {
    const parts = [job.label];
    if (job.step && job.state === "running") parts.push(job.step);
    return parts.join(" · ");
  }
  function numbers(job) {
    if (job.total) return job.done.toLocaleString() + " / " + job.total.toLocaleString() + (job.left ? " · " + job.left : "");
    return job.done ? job.done.toLocaleString() : "";
  }
  function fill(box, job) {
    box.dataset.state = job.state;
    const set = (selector, text) => { const node = one(selector, box); if (node && node.textContent !== text) node.textContent = text; };
    set("[data-job-label]", words(job));
    set("[data-job-numbers]", numbers(job));
    set("[data-job-error]", job.error || "");
    const bar = one("progress", box);
    if (bar && job.percent === null) bar.removeAttribute("value");
    else if (bar) bar.value = job.percent;
    all("[data-job-when]", box).forEach((part) => { part.hidden = !part.dataset.jobWhen.split(" ").includes(job.state); });
  }
  function row(job) {
    const box = make("div", "k-job");
    const line = make("div", "k-job-line");
    const title = job.link ? make("a", "", job.title) : make("span", "", job.title);
    if (job.link) title.href = job.link;
    line.append(title, make("span", "text-secondary small k-number", numbers(job)));
    box.append(line, make("div", "text-secondary small", words(job)));
    box.dataset.state = job.state;
    if (job.state === "running" || job.state === "queued") {
      const bar = make("progress", "progress progress-sm");
      bar.max = 100;
      bar.setAttribute("aria-label", job.title);
      if (job.percent !== null) bar.value = job.percent;
      box.append(bar);
    }
    return box;
  }
  function show(jobs) {
    const live = jobs.filter((job) => !job.final);
    const list = one("[data-jobs-list]", menu), badge = one("[data-jobs-count]");
    list.replaceChildren(...(jobs.length ? jobs.slice(0, 8).map(row) : [make("p", "text-secondary m-3", menu.dataset.empty)]));
    badge.hidden = live.length === 0;
    badge.textContent = live.length;
    jobs.forEach((job) => {
      all('[data-job="' + job.id + '"]').forEach((box) => update(box, job));
      const before = seen.get(job.id);
      if (before === false && job.final) toast(job.title + " · " + job.label, job.state === "failed");
      seen.set(job.id, job.final);
    });
    return live.length;
  }
  function update(box, job) {
    const was = box.dataset.state;
    fill(box, job);
    document.dispatchEvent(new CustomEvent("kuaidan:job", { detail: job }));
    const ended = job.final && (was === "running" || was === "queued" || (was === undefined && box.dataset.jobWas === "live"));
    if (ended && box.dataset.jobDone === "reload") location.reload();
  }
  async function poll() {
    clearTimeout(timer);
    if (!menu || document.hidden) return;
    const ids = [...new Set(all("[data-job]").map((box) => box.dataset.job))];
    let live = 0;
    try {
      const answer = await send(menu.dataset.jobsLive + (ids.length ? "?ids=" + ids.join(",") : ""));
      if (answer.ok) live = show((await answer.json()).jobs);
    } catch (away) {
      one("[data-jobs-list]", menu).replaceChildren(make("p", "text-secondary m-3", menu.dataset.lost));
    }
    timer = setTimeout(poll, live ? 1000 : 20000);
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
  if (menu) { setTimeout(poll, 150); one("[data-jobs-button]").addEventListener("click", poll); }

  // Whether a key is text, or single keys are off: then it is no shortcut.
  const typing = (node) => root.dataset.keys === "off" || (node.closest && node.closest("input, textarea, select, [contenteditable], dialog[open]"));

  // A word that is put where somebody writes; what of it stands there already is completed.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const field = document.getElementById(button.dataset.into), word = button.dataset.insert, at = field.selectionStart;
    const before = field.value.slice(0, at), begun = (/@[\w.-]*$/.exec(before) || [""])[0];
    const from = word.startsWith(begun) ? at - begun.length : at;
    field.setRangeText(from > 0 && !/\s/.test(before[from - 1] || " ") ? " " + word : word, from, field.selectionEnd, "end");
    field.focus();
  });

  // A form that came back: the field that was refused is marked and entered.
  all("[data-refused]").forEach((box) => {
    const field = document.getElementsByName(box.dataset.refused)[Number(box.dataset.refusedAt)];
    if (!field) return;
    box.id = box.id || "refused";
    field.classList.add("is-invalid");
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", box.id);
    field.focus();
  });

  all(".k-flash.alert-success").forEach((box) => setTimeout(() => box.remove(), 8000));
  window.kuaidan = { send, ofShop, toast, fail, poll, typing, one, all, make };
})();
