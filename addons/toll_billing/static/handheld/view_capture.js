import * as store from "./store.js";
import {button, choice, field, h, notify} from "./dom.js";
import {keep, listen} from "./sync.js";
import {clock, t} from "./words.js";
import {normalize} from "./taglist.js";
import {scanButton} from "./scan.js";

const SHOWN = 12;
const CAPITALS = {autocapitalize: "characters", maxlength: 40, class: "code"};

export async function captureView({show, settings}) {
    const session = await store.get("session");
    const plaza = settings.plazas.find((one) => one.code === session.plaza);
    const lane = plaza?.lanes.find((one) => one.code === session.lane);
    const directions = [...new Set((plaza?.lanes || []).map((one) => one.direction))];
    const tag = field(t("tag"), {name: "tag", ...CAPITALS});
    const plate = field(t("plate"), {name: "plate", ...CAPITALS, maxlength: 20});
    const scan = scanButton(tag.input);
    if (scan) {
        tag.input.after(scan);
    }
    const note = field(t("note"), {name: "note", maxlength: 200});
    const alert = h("p", {role: "alert", class: "error"});
    const form = h(
        "form",
        {onsubmit: save, novalidate: true},
        h(
            "div",
            {class: "place"},
            h("h1", {}, t("capture")),
            h(
                "span",
                {},
                [plaza?.name || session.plaza, session.lane]
                    .filter(Boolean)
                    .join(" / "),
                ` · ${t("shift_n", {n: session.shift})}`
            ),
            button(t("change"), () => show("shift"), {class: "plain"})
        ),
        h("div", {class: "pair"}, tag.box, plate.box),
        choice(
            t("class"),
            "class",
            settings.classes.map((one) => [one.code, one.code, one.name])
        ),
        directions.filter(Boolean).length > 1 &&
            choice(
                t("direction"),
                "direction",
                directions.filter(Boolean).map((one) => [one, one]),
                lane?.direction
            ),
        choice(
            t("payment"),
            "payment",
            ["tag", "cash", "none"].map((one) => [one, t(`pay_${one}`)]),
            "tag"
        ),
        note.box,
        alert,
        h("button", {class: "primary"}, t("save"))
    );
    // a reader ends with Enter: on to the next thing, not off with half a crossing
    tag.input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") {
            event.preventDefault();
            form.querySelector("input[name=class]")?.focus();
        }
    });

    function fault(values) {
        if (values.payment !== "cash" && !values.tag && !values.plate) {
            return [t("need_identity"), tag.input];
        }
        if (!values.class && !values.tag) {
            return [t("need_class"), form.querySelector("input[name=class]")];
        }
        return null;
    }

    async function save(event) {
        event.preventDefault();
        const values = Object.fromEntries(new FormData(form));
        values.tag = normalize(values.tag);
        values.plate = normalize(values.plate);
        const wrong = fault(values);
        alert.textContent = wrong ? wrong[0] : "";
        if (wrong) {
            wrong[1]?.focus();
            return;
        }
        await keep("rows", {
            ...values,
            direction: values.direction || lane?.direction || "",
            plaza: session.plaza,
            lane: session.lane,
            shift: session.shift,
            staff: session.staff,
        });
        navigator.vibrate?.(40);
        notify(t("saved"));
        form.reset();
        tag.input.focus();
    }

    return h("div", {}, form, lastCaptures(settings));
}

export function nameOf(row) {
    return row.tag || row.plate || t("no_identity");
}

/** The newest rows and what became of them; brought up to date as fates arrive. */
function lastCaptures(settings) {
    const list = h("ul", {class: "rows"});
    let seen = false;

    async function draw() {
        if (seen && !list.isConnected) {
            stop();
            return;
        }
        seen = list.isConnected;
        const rows = await store.latest("rows", 4 * SHOWN);
        const isFault = (row) => row.fate?.state === "refused";
        const undos = rows.filter((row) => row.cancels && !isFault(row));
        const undone = new Set(undos.map((row) => row.cancels));
        const shown = rows.filter((row) => !row.cancels || isFault(row));
        list.replaceChildren(
            ...(shown.length
                ? shown.slice(0, SHOWN).map((row) => item(row, undone))
                : [h("li", {}, t("none_yet"))])
        );
    }

    function item(row, undone) {
        const what = nameOf(row);
        const state = row.fate?.state || "waiting";
        const limit = settings.undo_minutes * 60000;
        const fresh = Date.now() - Date.parse(row.taken_at) < limit;
        const open = fresh && !row.cancels && !undone.has(row.ref);
        return h(
            "li",
            {},
            h("time", {datetime: row.taken_at}, clock(row.taken_at)),
            h("b", {}, row.cancels ? t("undo_row", {what}) : what),
            h(
                "span",
                {},
                [row.class, t(`pay_${row.payment}`)].filter(Boolean).join(" · ")
            ),
            h(
                "span",
                {class: `fate ${undone.has(row.ref) ? "undone" : state}`},
                t(`fate_${undone.has(row.ref) ? "undone" : state}`),
                row.fate?.message && `: ${row.fate.message}`
            ),
            open &&
                button(t("undo"), () => undo(row), {
                    class: "plain",
                    "aria-label": t("undo_of", {what}),
                })
        );
    }

    async function undo(row) {
        const {plaza, lane, shift, staff, tag, plate} = row;
        await keep("rows", {
            cancels: row.ref,
            payment: "none",
            plaza,
            lane,
            shift,
            staff,
            tag,
            plate,
        });
        notify(t("undone"));
    }

    const stop = listen(draw);
    draw();
    return h("section", {}, h("h2", {}, t("last")), list);
}
