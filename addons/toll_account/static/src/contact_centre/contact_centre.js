/** One search box for whoever is on the telephone or at the counter. */

import {Component, onWillStart, useState} from "@odoo/owl";
import {KeepLast} from "@web/core/utils/concurrency";
import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {useAutofocus, useService} from "@web/core/utils/hooks";
import {useDebounced} from "@web/core/utils/timing";

export class TollContactCentre extends Component {
    static template = "toll_account.ContactCentre";
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        const query = new URLSearchParams(browser.location.search);
        this.phone = query.get("phone") || this.props.action.context?.phone || "";
        this.state = useState({term: this.phone, found: [], searched: ""});
        this.search = useDebounced(() => this.run(), 250);
        useAutofocus({refName: "term"});
        onWillStart(() => this.run());
    }

    async run() {
        const term = this.state.term.trim();
        const found = await this.keepLast.add(
            term.length < 3
                ? Promise.resolve([])
                : this.orm.call("toll.account", "contact_search", [term])
        );
        Object.assign(this.state, {found, searched: term.length < 3 ? "" : term});
    }

    onInput(ev) {
        this.state.term = ev.target.value;
        this.search();
    }

    async onKeydown(ev) {
        if (ev.key !== "Enter") {
            return;
        }
        await this.run();
        if (this.state.found.length === 1) {
            this.open(this.state.found[0]);
        }
    }

    open(account) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "toll.account",
            res_id: account.id,
            views: [[false, "form"]],
        });
    }

    async startCall(account) {
        this.action.doAction(
            await this.orm.call("toll.account", "action_start_call", [
                [account.id],
                this.phone,
            ])
        );
    }

    signUp() {
        this.action.doAction("toll_account.toll_signup_action", {
            additionalContext: this.phone ? {default_phone: this.phone} : {},
        });
    }

    newCall() {
        this.action.doAction("toll_account.toll_call_action_new", {
            additionalContext: {default_phone: this.phone},
        });
    }
}

registry.category("actions").add("toll_account.contact_centre", TollContactCentre);
