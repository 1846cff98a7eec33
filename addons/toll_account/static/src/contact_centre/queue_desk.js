/** The agent's desk: call the next ticket, and what becomes of it. */

import {Component, onWillDestroy, onWillStart, useState} from "@odoo/owl";
import {TollContactCentre} from "./contact_centre";
import {browser} from "@web/core/browser/browser";
import {useService} from "@web/core/utils/hooks";

const PAUSE = 15000;

export class TollQueueDesk extends Component {
    static template = "toll_account.QueueDesk";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({desk: null, busy: false});
        onWillStart(() => this.refresh());
        const timer = browser.setInterval(() => this.refresh(), PAUSE);
        onWillDestroy(() => browser.clearInterval(timer));
    }

    async refresh() {
        if (!this.state.busy) {
            this.state.desk = await this.orm.silent.call(
                "toll.queue.ticket",
                "desk_state",
                []
            );
        }
    }

    async run(method, args) {
        this.state.busy = true;
        try {
            this.state.desk = await this.orm.call("toll.queue.ticket", method, args);
        } finally {
            this.state.busy = false;
        }
    }

    setDesk(ev) {
        return this.run("set_desk", [ev.target.value]);
    }

    callNext() {
        return this.run("call_next", []);
    }

    async decide(method) {
        const ticket = this.state.desk.ticket;
        await this.run(method, [[ticket.id]]);
        if (method === "start" && ticket.account_id) {
            this.openAccount(ticket.account_id);
        }
    }

    openAccount(id) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "toll.account",
            res_id: id,
            views: [[false, "form"]],
        });
    }
}

TollContactCentre.components = {...TollContactCentre.components, TollQueueDesk};
