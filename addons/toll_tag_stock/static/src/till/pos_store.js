import {AlertDialog} from "@web/core/confirmation_dialog/confirmation_dialog";
import {PosStore} from "@point_of_sale/app/services/pos_store";
import {_t} from "@web/core/l10n/translation";
import {patch} from "@web/core/utils/patch";

/* TAGs and top-ups are checked before the customer pays: a number that is not on the
   shelf, a customer without an account. The server checks again with the order. */
patch(PosStore.prototype, {
    async pay() {
        const problem = await this.tollProblem(this.getOrder());
        if (problem) {
            this.dialog.add(AlertDialog, {title: _t("Not yet"), body: problem});
            return;
        }
        return super.pay(...arguments);
    },

    async tollProblem(order) {
        const template = (line) => line.product_id.product_tmpl_id;
        const tags = order.lines.filter(
            (line) => template(line)?.toll_is_tag && line.getQuantity() > 0
        );
        const topups = order.lines.filter((line) => template(line)?.toll_is_topup);
        if (!tags.length && !topups.length) {
            return false;
        }
        const sum = (lines, value) =>
            lines.reduce((total, line) => total + value(line), 0);
        return this.data.call("pos.order", "toll_check_sale", [
            this.config.id,
            order.getPartner()?.id || false,
            tags.flatMap((line) => line.pack_lot_ids.map((lot) => lot.lot_name)),
            sum(tags, (line) => line.getQuantity()),
            sum(topups, (line) => line.price_unit * line.getQuantity()),
        ]);
    },
});
