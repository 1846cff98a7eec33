// The camera as a reader, where the browser has one.

import {button, h, notify} from "./dom.js";
import {t} from "./words.js";

/** A button that reads a code into an input; nothing where there is no reader. */
export function scanButton(input, then) {
    if (!("BarcodeDetector" in window && navigator.mediaDevices)) {
        return null;
    }
    const read = async () => {
        const text = await scan();
        if (text) {
            input.value = text;
            then?.();
        }
    };
    return button(t("scan"), read, {class: "scan"});
}

async function scan() {
    let stream = null;
    try {
        stream = await navigator.mediaDevices.getUserMedia({
            video: {facingMode: "environment"},
        });
    } catch {
        notify(t("scan_none"));
        return "";
    }
    const video = h("video", {autoplay: true, playsinline: true, muted: true});
    const dialog = h("dialog", {class: "camera", "aria-label": t("scan")}, video);
    dialog.append(button(t("scan_stop"), () => dialog.close()));
    document.body.append(dialog);
    video.srcObject = stream;
    dialog.showModal();
    try {
        return await watch(video, dialog);
    } finally {
        stream.getTracks().forEach((track) => track.stop());
        dialog.remove();
    }
}

async function watch(video, dialog) {
    const detector = new window.BarcodeDetector();
    while (dialog.open) {
        const found = await detector.detect(video).catch(() => []);
        if (found.length) {
            return found[0].rawValue;
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return "";
}
