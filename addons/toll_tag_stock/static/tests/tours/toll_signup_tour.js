/** A person at the counter becomes a customer on one screen. */

import {registry} from "@web/core/registry";

// a busy machine is no failure
const patient = (steps) => steps.map((step) => ({timeout: 60000, ...step}));

registry.category("web_tour.tours").add("toll_signup", {
    steps: () =>
        patient([
            {
                trigger: ".o_field_widget[name=name] input",
                run: "edit Tour Customer",
            },
            {
                content: "somebody has this telephone already",
                trigger: ".o_field_widget[name=phone] input",
                run: "edit +52 442 777 1234 && press Tab",
            },
            {trigger: ".alert:contains(already) .o_tag:contains(Ana Prueba)"},
            {
                content: "it is somebody else: the right number",
                trigger: ".o_field_widget[name=phone] input",
                run: "edit +52 442 777 9999 && press Tab",
            },
            {trigger: ".o_form_view:not(:has(.alert-warning:visible))"},
            {
                trigger:
                    ".o_field_widget[name=line_ids] .o_field_x2many_list_row_add a",
                run: "click",
            },
            {
                trigger: ".o_data_row .o_field_widget[name=plate] input",
                run: "edit TUR-100-A",
            },
            {
                content: "the TAG is scanned: EPC or printed number",
                trigger: ".o_data_row .o_field_widget[name=lot_id] input",
                run: "edit TOUR00000001",
            },
            {
                trigger: ".o-autocomplete--dropdown-item:contains(TOUR00000001)",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=amount] input",
                run: "edit 200",
            },
            {
                trigger: "button[name=action_confirm]",
                run: "click",
            },
            {trigger: ".alert-success:contains(is open):contains(200.00)"},
            {trigger: "button[name=action_print_contract]"},
            {
                trigger: "button[name=action_view_account]",
                run: "click",
            },
            {
                trigger:
                    ".o_form_view .o_field_widget[name=vehicle_ids] .o_data_cell:contains(TUR-100-A)",
            },
            {trigger: ".o_statusbar_status .o_arrow_button_current:contains(Active)"},
        ]),
});
