import {
    Component,
    onMounted,
    onWillStart,
    onWillUnmount,
    useRef,
    useState,
} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {formatFloat} from "@web/views/fields/formatters";
import {localization} from "@web/core/l10n/localization";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useBus, useService} from "@web/core/utils/hooks";
import {useDebounced} from "@web/core/utils/timing";
import {useRecordObserver} from "@web/model/relational_model/utils";

const SAVE_DELAY = 600;
const RELOAD_DELAY = 150;
const ARROWS = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
};

/**
 * A price as people type it, or NaN. A comma before the last one or two digits is a
 * decimal comma whatever the language; what could mean two amounts is no price.
 */
export function parsePrice(text) {
    const plain = text.replace(/[$\s\u00a0]/g, "");
    if (/^\d{1,3}(\.\d{3})*,\d{1,2}$|^\d+,\d{1,2}$/.test(plain)) {
        return Number(plain.replace(/\./g, "").replace(",", "."));
    }
    if (/^\d{1,3}(\.\d{3})+$/.test(plain)) {
        return localization.thousandsSep === "."
            ? Number(plain.replace(/\./g, ""))
            : NaN;
    }
    if (/^\d{1,3}(,\d{3})+(\.\d+)?$|^\d+(\.\d+)?$/.test(plain)) {
        return Number(plain.replace(/,/g, ""));
    }
    return NaN;
}

/**
 * The prices of a tariff version as a grid, places by classes, for one service, time
 * band and day type. A draft is edited in place and saved as one types; blocks of cells
 * may be pasted from a spreadsheet.
 */
export class TariffMatrix extends Component {
    static template = "toll_billing.TariffMatrix";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.table = useRef("table");
        this.isReady = false;
        this.loads = 0;
        this.pending = new Map();
        this.saving = Promise.resolve();
        this.state = useState({
            data: null,
            service: "toll",
            band: "all",
            dayType: "any",
            filter: "",
            status: "",
            drafts: {},
        });
        this.saveSoon = useDebounced(() => this.save(), SAVE_DELAY);
        this.reloadSoon = useDebounced(() => this.load(), RELOAD_DELAY);
        onWillStart(() => this.load());
        onMounted(() => {
            this.isReady = true;
        });
        // the form reads the version again after a button or an import
        useRecordObserver((record) => {
            if (record.data && this.isReady) {
                this.reloadSoon();
            }
        });
        onWillUnmount(() => this.save());
        const {bus} = this.props.record.model;
        // a button of the form waits until the last price is written
        useBus(bus, "NEED_LOCAL_CHANGES", ({detail}) => detail.proms.push(this.save()));
    }

    get tariffId() {
        return this.props.record.resId;
    }

    get statusText() {
        return {
            "": "",
            saving: _t("Saving…"),
            saved: _t("Saved"),
            partly: _t("Saved, except the prices marked red"),
            wrong: _t("What is marked red is not a price"),
            failed: _t("Not saved"),
        }[this.state.status];
    }

    get places() {
        const words = this.state.filter.trim().toLowerCase();
        return this.state.data.places.filter(
            (place) =>
                !words || `${place.name} ${place.road}`.toLowerCase().includes(words)
        );
    }

    async load() {
        if (!this.tariffId) {
            this.state.data = null;
            return;
        }
        if (this.pending.size) {
            return;
        }
        const {service, band, dayType} = this.state;
        const load = ++this.loads;
        const data = await this.orm.call("toll.tariff.rate", "get_matrix", [
            this.tariffId,
            service,
            band,
            dayType,
        ]);
        if (load !== this.loads || this.pending.size) {
            // a later answer, or a price typed meanwhile, counts more than this one
            return;
        }
        if (!data.bands.some((item) => item.code === band)) {
            this.state.band = "all";
            return this.load();
        }
        this.state.data = data;
        this.state.drafts = {};
    }

    async choose(name, value) {
        await this.save();
        this.state[name] = value;
        this.state.status = "";
        await this.load();
    }

    cell(place, vehicleClass) {
        return (this.state.data.cells[place.key] || {})[vehicleClass.id] || {};
    }

    format(amount) {
        if (amount === null || amount === undefined) {
            return "";
        }
        return formatFloat(amount, {digits: [16, this.state.data.digits]});
    }

    draftKey(place, vehicleClass) {
        return `${place.key}-${vehicleClass.id}`;
    }

    text(place, vehicleClass) {
        const draft = this.state.drafts[this.draftKey(place, vehicleClass)];
        return draft === undefined
            ? this.format(this.cell(place, vehicleClass).amount)
            : draft.text;
    }

    placeholder(place, vehicleClass) {
        return this.format(this.cell(place, vehicleClass).fallback);
    }

    isInvalid(place, vehicleClass) {
        const draft = this.state.drafts[this.draftKey(place, vehicleClass)];
        return Boolean(draft && draft.invalid);
    }

    /** Take what was typed or pasted into one cell; false when it is no price. */
    set(place, vehicleClass, text) {
        const key = this.draftKey(place, vehicleClass);
        const draft = {text, invalid: false};
        let amount = null;
        if (text.trim()) {
            amount = parsePrice(text);
            draft.invalid = Number.isNaN(amount);
        }
        this.state.drafts[key] = draft;
        if (draft.invalid) {
            this.pending.delete(key);
            this.state.status = "wrong";
            return false;
        }
        this.pending.set(key, {
            plaza: place.plaza,
            entry: place.entry,
            class_id: vehicleClass.id,
            amount,
        });
        this.state.status = "saving";
        this.saveSoon();
        return true;
    }

    /** Write what is pending, one request after the other. */
    save() {
        this.saving = this.saving.catch(() => {}).then(() => this.write());
        return this.saving;
    }

    async write() {
        if (!this.pending.size) {
            return;
        }
        const sent = new Map(this.pending);
        this.pending.clear();
        const {service, band, dayType} = this.state;
        try {
            const cells = await this.orm.call("toll.tariff.rate", "set_matrix", [
                this.tariffId,
                [...sent.values()],
                service,
                band,
                dayType,
            ]);
            this.state.data.cells = cells;
            for (const key of sent.keys()) {
                if (!this.pending.has(key)) {
                    delete this.state.drafts[key];
                }
            }
            const isWrong = Object.values(this.state.drafts).some((d) => d.invalid);
            if (isWrong) {
                this.state.status = "partly";
            } else {
                this.state.status = this.pending.size ? "saving" : "saved";
            }
        } catch (error) {
            for (const [key, price] of sent) {
                if (!this.pending.has(key)) {
                    this.pending.set(key, price);
                }
            }
            this.state.status = "failed";
            throw error;
        }
    }

    onChange(place, vehicleClass, ev) {
        this.set(place, vehicleClass, ev.target.value);
    }

    focus(row, column) {
        const input = this.table.el.querySelector(
            `input[data-row="${row}"][data-column="${column}"]`
        );
        if (input) {
            input.focus();
            input.select();
        }
        return Boolean(input);
    }

    onKeydown(row, column, ev) {
        const input = ev.target;
        if (ev.key === "Enter") {
            ev.preventDefault();
            this.focus(row + (ev.shiftKey ? -1 : 1), column);
        } else if (ev.key === "Escape") {
            const place = this.places[row];
            const vehicleClass = this.state.data.classes[column];
            const key = this.draftKey(place, vehicleClass);
            if (!this.pending.has(key)) {
                delete this.state.drafts[key];
                input.value = this.text(place, vehicleClass);
                input.select();
                ev.stopPropagation();
            }
        } else if (ev.key in ARROWS && !ev.ctrlKey && !ev.altKey && !ev.metaKey) {
            const [down, right] = ARROWS[ev.key];
            const whole =
                input.selectionEnd - input.selectionStart === input.value.length;
            const atEdge =
                right < 0
                    ? input.selectionEnd === 0
                    : input.selectionStart === input.value.length;
            if (down || whole || atEdge) {
                ev.preventDefault();
                this.focus(row + down, column + right);
            }
        }
    }

    /** Spread a block copied from a spreadsheet over the cells right and below. */
    onPaste(row, column, ev) {
        const text = ev.clipboardData.getData("text/plain").replace(/\r/g, "");
        const lines = text.replace(/\n$/, "").split("\n");
        if (lines.length === 1 && !lines[0].includes("\t")) {
            return;
        }
        ev.preventDefault();
        const places = this.places;
        const classes = this.state.data.classes;
        let taken = 0;
        lines.forEach((line, down) => {
            line.split("\t").forEach((value, right) => {
                const place = places[row + down];
                const vehicleClass = classes[column + right];
                if (place && vehicleClass && this.set(place, vehicleClass, value)) {
                    taken++;
                }
            });
        });
        this.notification.add(_t("%s prices pasted.", taken), {type: "info"});
    }
}

export const tariffMatrix = {
    component: TariffMatrix,
    fieldDependencies: [
        {name: "state", type: "selection"},
        {name: "operator_id", type: "many2one"},
    ],
};

registry.category("view_widgets").add("toll_tariff_matrix", tariffMatrix);
