// The app's words in its languages.

const WORDS = {
    en: {
        app: "Toll hand-held",
        capture: "Capture",
        check: "Check",
        device: "Device",
        online: "Online",
        offline: "No network",
        waiting: "{n} waiting",
        nothing_waiting: "All sent",
        sync: "Send now",
        syncing: "Sending…",
        enrol: "Enrol this device",
        enrol_help:
            "Ask a toll manager for an enrolment code: Crossings, Hand-held Devices. It works once, for 15 minutes.",
        code: "Enrolment code",
        enrol_go: "Enrol",
        enrol_wrong: "This code is wrong, used or too old. Ask for a new one.",
        enrol_offline: "No network: enrolling needs the server.",
        enrolled: "This device is enrolled.",
        busy_server: "Too many tries. Wait a minute.",
        begin: "Begin the shift",
        who: "Who are you?",
        nobody: "Somebody else",
        plaza: "Plaza",
        lane: "Lane",
        shift: "Shift",
        shift_n: "Shift {n}",
        start: "Begin",
        no_plazas: "This device has no plaza yet. Ask a toll manager.",
        change: "Change",
        tag: "TAG number",
        plate: "Plate",
        scan: "Scan",
        scan_stop: "Stop the camera",
        scan_none: "The camera cannot be used.",
        class: "Class",
        direction: "Direction",
        payment: "Payment seen",
        pay_tag: "TAG",
        pay_cash: "Cash",
        pay_none: "None",
        note: "Note (optional)",
        save: "Save the crossing",
        saved: "Saved.",
        need_identity: "Enter the TAG number or the plate.",
        need_class: "Choose the class.",
        last: "Last captures",
        none_yet: "Nothing captured yet.",
        undo: "Take back",
        undo_of: "Take back {what}",
        undo_row: "Taken back: {what}",
        undone: "Taken back.",
        no_identity: "no TAG, no plate",
        value: "TAG or plate",
        check_go: "Check",
        check_need: "Enter a TAG or plate.",
        from_server: "By the server, now.",
        from_list: "By the list on this device, {age} old.",
        no_list: "No network, and no list on this device yet.",
        list_old: "The list is old: treat the answer with care.",
        order: "Do not let the TAG pay. Keep the vehicle in the lane if that is safe, and call the supervisor.",
        holder: "Holder",
        expected: "Class expected",
        until: "Exempt until",
        lang: "Language",
        operator: "Operator",
        last_sync: "Last sent",
        never: "Never",
        clock: "Clock",
        clock_right: "Right",
        clock_wrong: "{n} s off: set the clock of this device",
        list: "List for checks",
        list_none: "None yet",
        list_age: "{n} entries, {age} old",
        list_stops: "{n} entries, only those to stop, {age} old",
        renew: "Renew the list",
        renewed: "The list is new.",
        version: "Version",
        place: "Note where I check",
        place_help: "Each check is noted with the position of this device.",
        leave: "Remove from this device",
        leave_sure: "Remove all from this device? It needs a new code to work again.",
        leave_waits: "Rows still wait here: send them first.",
        refused:
            "This device may not be used any more. What waits stays here, safe: call a toll manager for a new code and enrol again.",
        failed: "That did not work: {what}",
        minutes: "{n} min",
        hours: "{n} h",
        days: "{n} days",
        fate_waiting: "Waiting",
        fate_posted: "Posted",
        fate_held: "Held for review",
        fate_rejected: "Rejected",
        fate_duplicate: "Received before",
        fate_offset: "Taken back",
        fate_cash: "Paid in cash",
        fate_refused: "Refused",
        fate_undone: "Taken back",
        fate_sent: "Sent",
        state_valid: "Valid",
        state_exempt: "Exempt",
        state_low: "Low balance",
        state_unassigned: "Not active",
        state_blocked: "Blocked",
        state_lost: "Reported lost",
        state_stolen: "Reported stolen",
        state_unknown: "Unknown",
        state_unlisted: "Not on the list of those to stop",
    },
    es: {
        app: "Terminal de peaje",
        capture: "Capturar",
        check: "Verificar",
        device: "Equipo",
        online: "En línea",
        offline: "Sin red",
        waiting: "{n} en espera",
        nothing_waiting: "Todo enviado",
        sync: "Enviar ahora",
        syncing: "Enviando…",
        enrol: "Dar de alta este equipo",
        enrol_help:
            "Pida un código de alta a un responsable de peaje: Cruces, Terminales portátiles. Sirve una vez, durante 15 minutos.",
        code: "Código de alta",
        enrol_go: "Dar de alta",
        enrol_wrong: "Este código es incorrecto, ya se usó o venció. Pida otro.",
        enrol_offline: "Sin red: el alta necesita el servidor.",
        enrolled: "Este equipo está dado de alta.",
        busy_server: "Demasiados intentos. Espere un minuto.",
        begin: "Iniciar el turno",
        who: "¿Quién es usted?",
        nobody: "Otra persona",
        plaza: "Plaza",
        lane: "Carril",
        shift: "Turno",
        shift_n: "Turno {n}",
        start: "Iniciar",
        no_plazas: "Este equipo aún no tiene plaza. Avise a un responsable de peaje.",
        change: "Cambiar",
        tag: "Número de TAG",
        plate: "Placa",
        scan: "Leer",
        scan_stop: "Apagar la cámara",
        scan_none: "No se puede usar la cámara.",
        class: "Clase",
        direction: "Sentido",
        payment: "Pago observado",
        pay_tag: "TAG",
        pay_cash: "Efectivo",
        pay_none: "Ninguno",
        note: "Nota (opcional)",
        save: "Guardar el cruce",
        saved: "Guardado.",
        need_identity: "Escriba el número de TAG o la matrícula.",
        need_class: "Elija la clase.",
        last: "Últimas capturas",
        none_yet: "Aún no hay capturas.",
        undo: "Deshacer",
        undo_of: "Deshacer {what}",
        undo_row: "Deshecho: {what}",
        undone: "Deshecho.",
        no_identity: "sin TAG ni matrícula",
        value: "TAG o matrícula",
        check_go: "Verificar",
        check_need: "Escriba un TAG o una matrícula.",
        from_server: "Según el servidor, ahora.",
        from_list: "Según la lista de este equipo, de hace {age}.",
        no_list: "Sin red, y este equipo aún no tiene lista.",
        list_old: "La lista es vieja: tome la respuesta con cautela.",
        order: "No cobre con este TAG. Mantenga el vehículo en el carril si es seguro y llame al supervisor.",
        holder: "Titular",
        expected: "Clase esperada",
        until: "Exento hasta",
        lang: "Idioma",
        operator: "Concesionaria",
        last_sync: "Último envío",
        never: "Nunca",
        clock: "Reloj",
        clock_right: "Correcto",
        clock_wrong: "{n} s de diferencia: ajuste el reloj de este equipo",
        list: "Lista para verificar",
        list_none: "Aún no",
        list_age: "{n} registros, de hace {age}",
        list_stops: "{n} registros, solo los que deben detenerse, de hace {age}",
        renew: "Renovar la lista",
        renewed: "La lista está al día.",
        version: "Versión",
        place: "Anotar dónde verifico",
        place_help: "Cada verificación se anota con la posición de este equipo.",
        leave: "Quitar de este equipo",
        leave_sure:
            "¿Quitar todo de este equipo? Necesitará un código nuevo para volver a funcionar.",
        leave_waits: "Hay registros en espera: envíelos primero.",
        refused:
            "Este equipo ya no puede usarse. Lo que está en espera se conserva aquí: pida un código nuevo a un responsable de peaje y dé de alta el equipo otra vez.",
        failed: "No funcionó: {what}",
        minutes: "{n} min",
        hours: "{n} h",
        days: "{n} días",
        fate_waiting: "En espera",
        fate_posted: "Aplicado",
        fate_held: "Retenido para revisión",
        fate_rejected: "Rechazado",
        fate_duplicate: "Ya recibido",
        fate_offset: "Deshecho",
        fate_cash: "Pagado en efectivo",
        fate_refused: "No admitido",
        fate_undone: "Deshecho",
        fate_sent: "Enviado",
        state_valid: "Válido",
        state_exempt: "Exento",
        state_low: "Saldo bajo",
        state_unassigned: "No activo",
        state_blocked: "Bloqueado",
        state_lost: "Reportado perdido",
        state_stolen: "Reportado robado",
        state_unknown: "Desconocido",
        state_unlisted: "No está en la lista de los que deben detenerse",
    },
};

// what Mexico says differently
WORDS["es-MX"] = Object.fromEntries(
    Object.entries(WORDS.es).map(([key, text]) => [
        key,
        text.replace("matrícula", "placa"),
    ])
);

export const LANGUAGES = [
    ["es-MX", "Español (México)"],
    ["es", "Español"],
    ["en", "English"],
];
const spoken = navigator.language;
let current = spoken in WORDS ? spoken : spoken.startsWith("es") ? "es" : "en";

export function lang() {
    return current;
}

export function setLang(code) {
    current = code in WORDS ? code : "en";
    document.documentElement.lang = current;
    document.title = t("app");
}

export function t(key, values = {}) {
    const text = WORDS[current][key] ?? key;
    return text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
}

/** A stretch of time in a word or two. */
export function age(milliseconds) {
    const minutes = Math.max(0, Math.round(milliseconds / 60000));
    if (minutes < 120) {
        return t("minutes", {n: minutes});
    }
    const hours = Math.round(minutes / 60);
    return hours < 48 ? t("hours", {n: hours}) : t("days", {n: Math.round(hours / 24)});
}

export function clock(moment) {
    return new Date(moment).toLocaleTimeString(current, {
        hour: "2-digit",
        minute: "2-digit",
    });
}

export function day(moment) {
    return new Date(moment).toLocaleString(current, {
        dateStyle: "short",
        timeStyle: "short",
    });
}
