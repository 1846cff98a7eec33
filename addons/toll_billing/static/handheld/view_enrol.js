import * as store from "./store.js";
import {ApiError, call} from "./api.js";
import {field, h, notify, select} from "./dom.js";
import {scanButton} from "./scan.js";
import {status, soon} from "./sync.js";
import {setLang, t} from "./words.js";

/** The code in an address like …/toll/handheld#enrol=CODE, or the text itself. */
function codeIn(text) {
    return text.split("#enrol=").pop();
}

export function enrolView({show}) {
    const code = field(t("code"), {
        name: "code",
        required: true,
        autocapitalize: "characters",
        maxlength: 200,
        class: "code",
        value: location.hash.startsWith("#enrol=") ? codeIn(location.hash) : "",
    });
    const scan = scanButton(
        code.input,
        () => (code.input.value = codeIn(code.input.value))
    );
    const alert = h("p", {role: "alert", class: "error"});
    const submit = h("button", {class: "primary"}, t("enrol_go"));

    async function enrol(event) {
        event.preventDefault();
        submit.disabled = true;
        alert.textContent = "";
        try {
            const answer = await call("enrol", null, {code: codeIn(code.input.value)});
            await store.set("key", answer.key);
            await store.set("settings", answer.settings);
            await store.remove("session");
            navigator.storage?.persist?.();
            history.replaceState(null, "", location.pathname);
            Object.assign(status, {
                refused: false,
                online: true,
                behind: answer.behind,
            });
            notify(t("enrolled"));
            soon(0);
            show("shift");
        } catch (error) {
            const known = error instanceof ApiError;
            const busy = known && error.status === 429;
            const words = busy ? "busy_server" : "enrol_wrong";
            alert.textContent = t(known ? words : "enrol_offline");
            code.input.focus();
        } finally {
            submit.disabled = false;
        }
    }

    return h(
        "form",
        {onsubmit: enrol},
        h("h1", {}, t("enrol")),
        h("p", {}, t("enrol_help")),
        code.box,
        scan,
        alert,
        submit
    );
}

export async function shiftView({show, settings}) {
    const session = (await store.get("session")) || {};
    if (!settings.plazas.length) {
        return h("div", {}, h("h1", {}, t("begin")), h("p", {}, t("no_plazas")));
    }
    const staff = [
        ...settings.staff.map((one) => [one.id, one.name]),
        [0, t("nobody")],
    ];
    const who = select(t("who"), "staff", staff, session.staff ?? staff[0][0]);
    const plazas = settings.plazas.map((one) => [one.code, one.name]);
    const plaza = select(t("plaza"), "plaza", plazas, session.plaza);
    const lane = select(t("lane"), "lane", [], session.lane);
    const turns = Array.from({length: settings.shifts}, (_none, at) => [
        at + 1,
        t("shift_n", {n: at + 1}),
    ]);
    const shift = select(t("shift"), "shift", turns, session.shift);

    function fillLanes() {
        const found = settings.plazas.find((one) => one.code === plaza.input.value);
        lane.input.replaceChildren(
            ...found.lanes.map((one) =>
                h(
                    "option",
                    {value: one.code, selected: one.code === session.lane},
                    [one.code, one.direction].filter(Boolean).join(" · ")
                )
            )
        );
        lane.input.required = found.lanes.length > 0;
    }

    async function begin(event) {
        event.preventDefault();
        const person = settings.staff.find((one) => one.id === Number(who.input.value));
        await store.set("session", {
            staff: person?.id || 0,
            plaza: plaza.input.value,
            lane: lane.input.value,
            shift: shift.input.value,
        });
        if (person && !(await store.get("lang"))) {
            setLang(person.lang);
        }
        show("capture");
    }

    plaza.input.addEventListener("change", fillLanes);
    fillLanes();
    return h(
        "form",
        {onsubmit: begin},
        h("h1", {}, t("begin")),
        who.box,
        plaza.box,
        lane.box,
        shift.box,
        h("button", {class: "primary"}, t("start"))
    );
}
