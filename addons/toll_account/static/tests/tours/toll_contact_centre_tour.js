/** A call comes in: the caller is on the screen before the agent says hello. */

import {registry} from "@web/core/registry";

// a busy machine is no failure
const patient = (steps) => steps.map((step) => ({timeout: 60000, ...step}));

registry.category("web_tour.tours").add("toll_contact_centre", {
    steps: () =>
        patient([
            {
                content: "the telephone system gave the number",
                trigger:
                    ".o_toll_contact_centre .list-group-item:contains(Test Customer):contains(Telephone)",
            },
            {
                content: "the caller gives a plate instead",
                trigger: "#o_toll_contact_term",
                run: "edit pop 001",
            },
            {
                trigger:
                    ".o_toll_contact_centre .list-group-item:contains(POP-001):contains(Plate)",
            },
            {
                trigger: "#o_toll_contact_term",
                run: "edit nobody has this",
            },
            {trigger: ".o_toll_contact_centre [role=status] button:contains(sign up)"},
            {
                trigger: "#o_toll_contact_term",
                run: "edit POP-001",
            },
            {
                trigger:
                    ".o_toll_contact_centre .list-group-item button:contains(Note)",
                run: "click",
            },
            {
                trigger: ".o_form_view .o_field_widget[name=code_id] input",
            },
        ]),
});
