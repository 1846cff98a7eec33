import {Component, onWillUnmount, useEffect} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

const BATCH = "toll.encoding.batch";
const SLOWLY = 10000;
const QUICKLY = 2000;

/**
 * Keeps the form of a batch or a test read up to date while encoders work: the server
 * says when a batch moved on, and a clock stands in where no message comes through.
 */
export class EncodingLive extends Component {
    static template = "toll_hw_bridge.EncodingLive";
    static props = {...standardWidgetProps};

    setup() {
        this.bus = useService("bus_service");
        this.reload = this.reload.bind(this);
        this.loading = false;
        this.again = false;
        const onProgress = ({batch_id}) => {
            if (this.isBatch && batch_id === this.props.record.resId) {
                this.reload();
            }
        };
        this.bus.subscribe("toll_hw_bridge.progress", onProgress);
        useEffect(
            (resId) => {
                if (!resId || !this.isBatch) {
                    return undefined;
                }
                const channel = `toll_encoding_batch_${resId}`;
                this.bus.addChannel(channel);
                return () => this.bus.deleteChannel(channel);
            },
            () => [this.props.record.resId]
        );
        useEffect(
            (live) => {
                if (!live) {
                    return undefined;
                }
                const timer = setInterval(this.reload, this.isBatch ? SLOWLY : QUICKLY);
                return () => clearInterval(timer);
            },
            () => [this.isLive]
        );
        onWillUnmount(() => {
            this.bus.unsubscribe("toll_hw_bridge.progress", onProgress);
            this.gone = true;
        });
    }

    get isBatch() {
        return this.props.record.resModel === BATCH;
    }

    get isLive() {
        const {state, sent_count} = this.props.record.data;
        if (this.isBatch) {
            return state === "running" || sent_count > 0;
        }
        return state === "waiting" || state === "sent";
    }

    /** One reading at a time, and never over what somebody is typing. */
    async reload() {
        if (this.loading) {
            this.again = true;
            return;
        }
        this.loading = true;
        try {
            do {
                this.again = false;
                if (this.gone || (await this.props.record.isDirty())) {
                    return;
                }
                await this.props.record.load();
            } while (this.again);
        } finally {
            this.loading = false;
        }
    }
}

export const encodingLive = {component: EncodingLive};

registry.category("view_widgets").add("toll_encoding_live", encodingLive);
