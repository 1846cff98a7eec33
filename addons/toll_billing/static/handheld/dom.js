// Elements without templates: text is always text, never markup.

export function h(tag, props, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(props || {})) {
        if (name.startsWith("on")) {
            element.addEventListener(name.slice(2), value);
        } else if (value === true) {
            element.setAttribute(name, "");
        } else if (value !== false && value !== null && value !== undefined) {
            element.setAttribute(name, value);
        }
    }
    return fill(element, children);
}

/** Replace what is in an element; nothing stands for what does not apply. */
export function fill(element, ...children) {
    const shown = children.flat(3).filter((child) => child || child === 0);
    element.replaceChildren(...shown);
    return element;
}

let counter = 0;

function newId() {
    counter += 1;
    return `f${counter}`;
}

/** A labelled input; wedge readers type into it and end with Enter. */
export function field(label, props, ...extra) {
    const id = newId();
    const input = h("input", {
        id,
        type: "text",
        autocomplete: "off",
        autocorrect: "off",
        spellcheck: "false",
        ...props,
    });
    const box = h(
        "div",
        {class: "field"},
        h("label", {for: id}, label),
        h("div", {class: "row"}, input, extra)
    );
    return {box, input};
}

export function select(label, name, options, value) {
    const id = newId();
    const input = h(
        "select",
        {id, name, required: true},
        options.map(([key, text]) =>
            h("option", {value: key, selected: String(key) === String(value)}, text)
        )
    );
    const box = h("div", {class: "field"}, h("label", {for: id}, label), input);
    return {box, input};
}

/** One of a few, as large buttons: a radio group that a glove can hit. */
export function choice(label, name, options, value) {
    const items = options.map(([key, text, small]) => {
        const id = newId();
        return h(
            "div",
            {class: "choice"},
            h("input", {type: "radio", id, name, value: key, checked: key === value}),
            h("label", {for: id}, h("b", {}, text), small && h("small", {}, small))
        );
    });
    return h(
        "fieldset",
        {},
        h("legend", {}, label),
        h("div", {class: "choices"}, items)
    );
}

export function button(label, onclick, props) {
    return h("button", {type: "button", onclick, ...props}, label);
}

export function notify(text) {
    const notice = document.getElementById("notice");
    notice.textContent = text;
    clearTimeout(notify.timer);
    notify.timer = setTimeout(() => (notice.textContent = ""), 4000);
}
