import {registry} from "@web/core/registry";

// a busy machine is no failure
const patient = (steps) => steps.map((step) => ({timeout: 60000, ...step}));

const CELL = ".o_toll_tariff_matrix input[data-row='0'][data-column='0']";
const SAVED = ".o_toll_tariff_matrix_status[data-status='saved']";

registry.category("web_tour.tours").add("toll_tariff_matrix_edit", {
    steps: () =>
        patient([
            {
                content: "type a price with a decimal comma",
                trigger: CELL,
                run: "edit 91,5 && press Tab",
            },
            {content: "it is saved as one types", trigger: SAVED},
            {
                content: "choose the night",
                trigger: ".o_toll_tariff_matrix select[name='band']",
                run: "select night",
            },
            {
                content: "the price of the day is shown in grey",
                trigger: `${CELL}[placeholder^='91']`,
                run: "edit 80 && press Tab",
            },
            {content: "it is saved too", trigger: SAVED},
            {
                content: "put the version in force",
                trigger: "button[name='action_activate']",
                run: "click",
            },
            {trigger: ".modal footer .btn-primary", run: "click"},
            {
                content: "the grid can no longer be edited",
                trigger: ".o_toll_tariff_matrix td:not(:has(input))",
            },
        ]),
});
