/** One errand per tour, as the person who has it; data by tests/test_tours.py. */

import {registry} from "@web/core/registry";

// a busy machine is no failure
const patient = (steps) => steps.map((step) => ({timeout: 60000, ...step}));

const tours = registry.category("web_tour.tours");

function check(condition, message) {
    if (!condition) {
        throw new Error(message);
    }
}

function cellNumber(selector) {
    const text = document.querySelector(selector).textContent;
    return parseFloat(text.replace(/[^0-9.-]/g, ""));
}

/** The agent finds an account by a plate and sees everything about it. */
tours.add("toll_account_360", {
    steps: () =>
        patient([
            {
                content: "search by a plate, written in small letters",
                trigger: ".o_searchview_input",
                run: "edit tsa-0001",
            },
            {
                trigger: ".o_searchview_autocomplete .o-dropdown-item:first",
                run: "click",
            },
            {
                content: "one account is left: open it",
                trigger: ".o_data_row:only-child .o_data_cell[name=number]",
                run: "click",
            },
            {
                trigger:
                    ".o_form_view h3 .o_field_widget[name=partner_id] input:value(Ana Ruiz)",
            },
            {trigger: ".o_field_widget[name=balance]:contains(851)"},
            {
                trigger:
                    ".o_field_widget[name=vehicle_ids] .o_data_cell:contains(TSA0001)",
            },
            {
                content: "the wallet, movement by movement",
                trigger: "button[name=action_view_entries]",
                run: "click",
            },
            {trigger: ".o_breadcrumb .o_back_button, .breadcrumb-item"},
            {trigger: ".o_data_row .o_data_cell:contains(TEST-ANA)"},
            {
                trigger: ".o_breadcrumb .o_back_button, .breadcrumb .o_back_button",
                run: "click",
            },
            {
                content: "the crossings stand behind More where the window is narrow",
                trigger: ".o-form-buttonbox button.o_button_more",
                run: "click",
            },
            {
                trigger: "button[name=action_open_crossings]",
                run: "click",
            },
            {
                trigger: ".o_data_row .o_data_cell[name=plaza_id]:contains(PTSTA)",
                run: "click",
            },
            {trigger: ".o_form_view .o_field_widget[name=ref]:contains(TOUR-POSTED)"},
        ]),
});

/** The analyst filters and groups the crossings. */
tours.add("toll_crossing_filters", {
    steps: () =>
        patient([
            {trigger: ".o_data_row"},
            {
                content: "a row whose time nobody can read has no week",
                trigger: ".o_searchview_facet:contains(Last 7 days) .o_facet_remove",
                run: "click",
            },
            {
                trigger: ".o_searchview_dropdown_toggler",
                run: "click",
            },
            {
                trigger: ".o_filter_menu .o_menu_item:contains(Rejected)",
                run: "click",
            },
            {trigger: ".o_searchview_facet:contains(Rejected)"},
            {
                content: "only rejected rows are left",
                trigger: ".o_data_row .o_data_cell[name=state]:contains(Rejected)",
                run: () => {
                    const states = document.querySelectorAll(
                        ".o_data_cell[name=state]"
                    );
                    check(
                        [...states].every((cell) =>
                            cell.textContent.includes("Rejected")
                        ),
                        "a row that is not rejected"
                    );
                },
            },
            {
                trigger: ".o_group_by_menu .o_menu_item:contains(Reason)",
                run: "click",
            },
            {
                trigger: ".o_group_header:contains(Malformed)",
                run: "click",
            },
            {
                trigger: ".o_data_row .o_data_cell[name=state]",
                run: "click",
            },
            {
                trigger:
                    ".o_form_view .alert .o_field_widget[name=reason]:contains(Malformed)",
            },
        ]),
});

/** The batch says that nothing was lost, in number and in money. */
tours.add("toll_batch_conservation", {
    steps: () =>
        patient([
            {
                trigger: ".o_data_row .o_data_cell[name=name]:contains(API)",
                run: "click",
            },
            {
                trigger: ".o_toll_conservation",
                run: () => {
                    for (const prefix of ["", "amount_"]) {
                        const value = (fate) =>
                            cellNumber(`.o_toll_conservation [name=${prefix}${fate}]`);
                        const fates = [
                            "posted",
                            "held",
                            "rejected",
                            "duplicate",
                            "offset",
                        ];
                        const sum = fates.map(value).reduce((a, b) => a + b, 0);
                        check(
                            Math.abs(value("received") - sum) < 0.005,
                            `${prefix}received ${value("received")} is not ${sum}`
                        );
                    }
                    check(
                        cellNumber(".o_toll_conservation [name=received]") >= 4,
                        "rows"
                    );
                },
            },
            {trigger: ".badge:contains(Conserved)"},
            {
                content: "a figure leads to its rows",
                trigger: "button[name=action_open_crossings]:contains(Rejected)",
                run: "click",
            },
            {trigger: ".o_data_row .o_data_cell[name=state]:contains(Rejected)"},
        ]),
});

/** The manager writes a price into the matrix and puts the version in force. */
tours.add("toll_tariff_matrix", {
    steps: () =>
        patient([
            {
                trigger: ".o_toll_tariff_matrix tbody input:first",
                run: "edit 155.50 && press Tab",
            },
            {trigger: ".o_toll_tariff_matrix_status:contains(/^Saved$/)"},
            {
                trigger: "button[name=action_activate]",
                run: "click",
            },
            {
                trigger: ".modal-footer .btn-primary",
                run: "click",
            },
            {
                trigger: ".o_statusbar_status .o_arrow_button_current:contains(Active)",
            },
            {
                content: "an active version is read-only and says the price",
                trigger: ".o_toll_tariff_matrix tbody td:contains(155.50)",
                run: () =>
                    check(
                        !document.querySelector(".o_toll_tariff_matrix tbody input"),
                        "an active version can be edited"
                    ),
            },
        ]),
});

/** The analyst works through what is held. */
tours.add("toll_held_queue", {
    steps: () =>
        patient([
            {
                trigger: ".o_group_header:contains(Unknown plate)",
                run: "click",
            },
            {
                trigger: ".o_data_row .o_data_cell[name=plate]:contains(NOBODY1)",
                run: "click",
            },
            {trigger: ".o_form_view .alert .o_field_widget[name=reason]"},
            {
                content: "trying again finds no vehicle either",
                trigger: "button[name=action_reprocess]",
                run: "click",
            },
            {trigger: ".o_notification:contains(still held)"},
            {
                trigger: ".o_form_statusbar button:contains(Correct or Refuse)",
                run: "click",
            },
            {
                trigger:
                    ".modal .o_field_widget[name=decision] input[data-value=correct]",
                run: "click",
            },
            {
                trigger: ".modal .o_field_widget[name=plate] input",
                run: "edit TSA0001",
            },
            {
                trigger: ".modal button[name=action_apply]:contains(Apply)",
                run: "click",
            },
            {
                trigger:
                    "body:not(:has(.modal)) .o_statusbar_status .o_arrow_button_current:contains(Posted)",
            },
        ]),
});

/** The billing clerk takes a run from nothing to posted invoices. */
tours.add("toll_billing_run", {
    steps: () =>
        patient([
            {
                trigger:
                    ".o_form_statusbar button[name=action_compute]:contains(/^Compute$/)",
                run: "click",
            },
            {trigger: ".o_field_widget[name=statement_count]:contains(1)"},
            {
                trigger: "button[name=action_review]",
                run: "click",
            },
            {
                trigger:
                    ".o_statusbar_status .o_arrow_button_current:contains(Reviewed)",
            },
            {
                trigger: "button[name=action_confirm]",
                run: "click",
            },
            {
                trigger: ".modal-footer .btn-primary",
                run: "click",
            },
            {
                trigger:
                    ".o_statusbar_status .o_arrow_button_current:contains(Invoiced)",
            },
            {
                trigger: "button[name=action_view_statements]",
                run: "click",
            },
            {trigger: ".o_breadcrumb, .breadcrumb"},
            {trigger: ".o_form_view, .o_data_row"},
        ]),
});
