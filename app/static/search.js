// The search box of the top bar: Ctrl-K opens it, arrows choose, Enter opens, Escape closes. A combobox with a list box.
(function () {
  "use strict";
  const { one, all, make, send } = window.kuaidan;
  const dialog = one("[data-search-dialog]");
  if (!dialog) return;
  const input = one("input", dialog), list = one("[role=listbox]", dialog), said = one("[role=status]", dialog);
  let asking = null, pause = 0, chosen = -1;

  const options = () => all("[role=option]", list);
  function choose(index) {
    const every = options();
    chosen = every.length ? (index + every.length) % every.length : -1;
    every.forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
    if (chosen < 0) { input.removeAttribute("aria-activedescendant"); return; }
    input.setAttribute("aria-activedescendant", every[chosen].id);
    every[chosen].scrollIntoView({ block: "nearest" });
  }

  function show(groups) {
    let number = 0;
    list.replaceChildren(...groups.map((group) => {
      const box = make("div");
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", group.label);
      const head = make("div", "k-search-group", group.label);
      head.setAttribute("aria-hidden", "true");
      box.append(head, ...group.hits.map((hit) => {
        const option = make("div", "k-search-hit");
        option.id = "search-hit-" + number++;
        option.setAttribute("role", "option");
        option.dataset.url = hit.url;
        option.innerHTML = hit.icon;  // an icon of our own files; what was found is set as text
        option.append(make("span", "text-truncate", hit.text), make("span", "k-search-hint text-truncate", hit.hint));
        return option;
      }));
      return box;
    }));
    said.textContent = number ? said.dataset.found.replace("{count}", number) : said.dataset.nothing;
    said.classList.toggle("visually-hidden", number > 0);
    input.setAttribute("aria-expanded", String(number > 0));
    choose(0);
  }

  async function ask() {
    if (asking) asking.abort();
    asking = new AbortController();
    try {
      const answer = await send(dialog.dataset.url + "?q=" + encodeURIComponent(input.value), { signal: asking.signal });
      if (answer.ok) show((await answer.json()).groups);
    } catch (error) {
      if (error.name !== "AbortError") { said.textContent = said.dataset.lost; said.classList.remove("visually-hidden"); }
    }
  }

  function open() {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    ask();
  }
  const go = (option, apart) => { if (!option) return; if (apart) window.open(option.dataset.url, "_blank", "noopener"); else location.href = option.dataset.url; };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); open(); }
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-search-open]")) open(); });
  input.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(ask, 150); });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") { event.preventDefault(); choose(chosen + 1); }
    if (event.key === "ArrowUp") { event.preventDefault(); choose(chosen - 1); }
    if (event.key === "Enter") { event.preventDefault(); go(options()[chosen], event.ctrlKey || event.metaKey); }
  });
  list.addEventListener("click", (event) => go(event.target.closest("[role=option]"), event.ctrlKey || event.metaKey));
  list.addEventListener("mousemove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && options().indexOf(option) !== chosen) choose(options().indexOf(option));
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
})();
