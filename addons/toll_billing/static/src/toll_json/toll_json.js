import {_t} from "@web/core/l10n/translation";
import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/**
 * Shows a JSON object as lines of name and value, nested objects indented:
 * why a charge is what it is, or what a file's row said.
 */
export class TollJson extends Component {
    static template = "toll_billing.TollJson";
    static props = {...standardFieldProps};

    get rows() {
        const rows = [];
        const add = (value, name, depth) => {
            if (value !== null && typeof value === "object") {
                if (name) {
                    rows.push({name, value: "", depth});
                }
                for (const [key, inner] of Object.entries(value)) {
                    add(inner, key, name ? depth + 1 : depth);
                }
            } else if (value !== null && value !== "" && value !== false) {
                rows.push({name, value: String(value), depth});
            }
        };
        add(this.props.record.data[this.props.name] || {}, "", 0);
        return rows;
    }
}

export const tollJson = {
    component: TollJson,
    displayName: _t("JSON as a table"),
    supportedTypes: ["json"],
};

registry.category("fields").add("toll_json", tollJson);
