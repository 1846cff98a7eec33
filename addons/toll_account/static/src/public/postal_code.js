import {_t} from "@web/core/l10n/translation";
import {Interaction} from "@web/public/interaction";
import {registry} from "@web/core/registry";

/**
 * Typing a postal code fills in state and city and offers the settlements.
 *
 * The settlements are a datalist: the browser's own list, for the keyboard and for
 * screen readers. What was found is said in a status line. A field that somebody has
 * filled in differently stays as it is.
 */
export class TollPostalCode extends Interaction {
    static selector = "form:has(input[name='zip']):has(input[name='street2'])";
    dynamicContent = {
        "input[name='zip']": {"t-on-input": this.debounced(this.onZip, 300)},
    };

    setup() {
        this.zip = this.el.querySelector("input[name='zip']");
        this.settlement = this.el.querySelector("input[name='street2']");
        this.filled = {};
        this.list = document.createElement("datalist");
        this.list.id = "toll_settlements";
        this.status = document.createElement("div");
        this.status.className = "form-text toll_postal_status";
        this.status.setAttribute("role", "status");
        this.settlement.setAttribute("list", this.list.id);
        this.insert(this.list, this.el);
        this.insert(this.status, this.zip, "afterend");
    }

    get country() {
        return this.el.dataset.country || this.el.elements.country_id?.value || "";
    }

    async onZip() {
        const code = this.zip.value.trim();
        if (code.length < 4 || !this.country) {
            return this.show({}, "");
        }
        const path = [this.country, code].map(encodeURIComponent).join("/");
        const response = await this.waitFor(fetch(`/toll/postal/${path}`));
        const found = response.ok ? await this.waitFor(response.json()) : {};
        if (code === this.zip.value.trim()) {
            this.show(found, code);
        }
    }

    show(found, code) {
        const settlements = found.settlements || [];
        this.list.replaceChildren(
            ...settlements.map((name) => {
                const option = document.createElement("option");
                option.value = name;
                return option;
            })
        );
        if (!found.settlements) {
            this.status.textContent = "";
            return;
        }
        this.fill(this.el.elements.state_id, found.state_id && `${found.state_id}`);
        this.fill(this.el.elements.city, found.city);
        if (settlements.length === 1) {
            this.fill(this.settlement, settlements[0]);
        }
        const place = [...new Set([found.municipality, found.state])].filter(Boolean);
        this.status.textContent = _t("%(code)s: %(place)s. Settlements: %(count)s", {
            code,
            place: place.join(", "),
            count: settlements.length,
        });
    }

    /** Write a value where nobody has written another one. */
    fill(input, value) {
        if (!input || !value) {
            return;
        }
        if (!input.value || input.value === this.filled[input.name]) {
            input.value = value;
            this.filled[input.name] = input.value;
            input.dispatchEvent(new Event("change", {bubbles: true}));
        }
    }
}

registry
    .category("public.interactions")
    .add("toll_account.postal_code", TollPostalCode);
