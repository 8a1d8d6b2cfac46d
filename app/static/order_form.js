// An order written by hand: products and customers are found as one types; the total always comes from the server.
(function () {
  "use strict";
  const { one, all, make, send } = window.kuaidan;
  const form = one("[data-order-form]");
  if (!form) return;
  const lines = one("[data-lines]", form), none = one("[data-no-lines]", form), told = one("[data-quote]", form);

  let asked = 0, waiting = 0;
  async function quote() {
    const mine = ++asked;
    const answer = await send(form.dataset.orderForm, { method: "POST", body: new FormData(form), headers: { Accept: "text/html" } });
    if (mine === asked && answer.ok) told.innerHTML = await answer.text();  // a fragment of our own, escaped there
  }
  function soon() {
    none.hidden = lines.children.length > 0;
    clearTimeout(waiting);
    waiting = setTimeout(quote, 200);
  }

  function add(sku) {
    const there = all("[name=sku_id]", lines).find((input) => input.value === String(sku.id));
    if (there) {
      const quantity = one("[name=quantity]", there.closest("tr"));
      quantity.value = String((parseInt(quantity.value, 10) || 0) + 1);
    } else {
      const row = one("[data-line-template]", form).content.cloneNode(true).firstElementChild;
      one("[name=sku_id]", row).value = sku.id;
      one("[data-code]", row).textContent = sku.code;
      one("[data-title]", row).textContent = sku.title;
      one("[data-hint]", row).textContent = sku.hint;
      one("[name=price]", row).placeholder = sku.price;
      all("[aria-label]", row).forEach((node) => node.setAttribute("aria-label", node.getAttribute("aria-label").trim() + " " + sku.code));
      lines.append(row);
    }
    soon();
  }

  function combo(input, list, url, words, choose) {
    let chosen = -1, pause = 0, last = 0, found = [], known = "", hasty = Promise.resolve(), back = null;
    const undecided = [];
    const options = () => all("[role=option]", list);
    function mark(index) {
      const every = options();
      chosen = every.length ? (index + every.length) % every.length : -1;
      every.forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
      if (chosen < 0) input.removeAttribute("aria-activedescendant");
      else { input.setAttribute("aria-activedescendant", every[chosen].id); every[chosen].scrollIntoView({ block: "nearest" }); }
    }
    function close() { list.hidden = true; input.setAttribute("aria-expanded", "false"); mark(-1); }
    function forget() {
      clearTimeout(pause);
      last += 1;  // an answer still under way is of a text that is gone
      found = [];
      known = "";
      back = null;
      list.replaceChildren();
      close();
    }
    function take(index) {
      if (!found[index]) return;
      choose(found[index]);
      input.value = "";
      forget();
      comeBack();
    }
    async function search(text) {
      const answer = await send(url + "?q=" + encodeURIComponent(text));
      return answer.ok ? (await answer.json()).found : null;
    }
    async function ask() {
      const text = input.value.trim();
      if (!text) { forget(); return; }
      const mine = ++last, hits = await search(text);
      if (hits && mine === last) show(text, hits);
    }
    // Enter before the answer: a fast hand, or a scanner. The field is free for the next text; this one is looked up by itself.
    async function hasten(text) {
      const hits = await search(text).catch(() => null), several = hits || [];
      const same = several.filter((hit) => words(hit)[0].toLowerCase() === text.toLowerCase());
      if (same.length === 1) choose(same[0]);
      else if (several.length === 1) choose(several[0]);
      else undecided.push([text, hits]);
      comeBack();
    }
    // What is not one thing alone is asked as soon as nothing else is being typed. It stands there selected: who goes on
    // scanning types over it, and it comes back after that.
    function comeBack() {
      if (input.value.trim() || !undecided.length) return;
      back = undecided.shift();
      const [text, hits] = back;
      input.value = text;
      input.select();
      if (hits) show(text, hits);
    }
    function typed(event) {
      const isOver = (event.inputType || "").startsWith("insert") && back && !input.value.startsWith(back[0]);
      if (isOver) undecided.unshift(back);
      back = null;
      clearTimeout(pause);
      pause = setTimeout(ask, 150);
    }
    function show(text, hits) {
      found = hits;
      known = text;
      list.replaceChildren(...found.map((hit, i) => {
        const option = make("div", "k-combo-option");
        option.id = list.id + "-" + i;
        option.setAttribute("role", "option");
        option.append(make("strong", "", words(hit)[0]), make("span", "", words(hit)[1]), make("span", "text-secondary small", hit.hint));
        option.addEventListener("mousedown", (event) => { event.preventDefault(); take(i); });
        return option;
      }));
      if (!found.length) {
        const nothing = make("div", "k-combo-none text-secondary", list.dataset.none);
        nothing.setAttribute("role", "option");
        nothing.setAttribute("aria-disabled", "true");
        list.replaceChildren(nothing);
      }
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      if (found.length) mark(0);
    }
    function enter() {
      const text = input.value.trim();
      if (text === known) { if (!list.hidden) take(Math.max(chosen, 0)); return; }
      input.value = "";
      forget();
      if (text) hasty = hasty.then(() => hasten(text));
    }
    input.addEventListener("input", typed);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown") { event.preventDefault(); mark(chosen + 1); }
      if (event.key === "ArrowUp") { event.preventDefault(); mark(chosen - 1); }
      if (event.key === "Escape") close();
      if (event.key === "Enter") { event.preventDefault(); enter(); }
    });
  }

  const sku = one("[data-sku-search]", form);
  combo(sku, one("#sku-found", form), sku.dataset.skuSearch, (hit) => [hit.code, hit.title], add);
  const buyer = one("[data-buyer-search]", form);
  if (buyer) {
    combo(buyer, one("#buyer-found", form), buyer.dataset.buyerSearch, (hit) => [hit.text, ""], (hit) => {
      one("[name=customer_id]", form).value = hit.id;
      const shown = one("[data-buyer]", form);
      one("[data-buyer-words]", shown).textContent = hit.text + " · " + hit.hint;
      shown.hidden = false;
      const receiver = one("[name=receiver]", form);
      if (!receiver.value) receiver.value = hit.text;
    });
    one("[data-buyer-off]", form).addEventListener("click", () => {
      one("[name=customer_id]", form).value = "";
      one("[data-buyer]", form).hidden = true;
      buyer.focus();
    });
  }
  form.addEventListener("input", (event) => { if (event.target.name) soon(); });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove-line]");
    if (!button) return;
    button.closest("tr").remove();
    sku.focus();
    soon();
  });
  if (lines.children.length) quote();
})();
