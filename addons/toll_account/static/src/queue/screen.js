/* The screen of a waiting room: asks for the called numbers, shows the newest first. */
(function () {
    const board = document.getElementById("o_toll_calls");
    const status = document.getElementById("o_toll_screen_status");
    let shown = "";

    function cell(row, text, className) {
        const element = document.createElement("td");
        element.textContent = text;
        element.className = className;
        row.append(element);
    }

    function draw(calls) {
        const key = JSON.stringify(calls);
        if (key === shown) {
            return;
        }
        shown = key;
        board.replaceChildren(
            ...calls.map((call, index) => {
                const row = document.createElement("tr");
                row.className = index ? "o_toll_call" : "o_toll_call o_toll_call_new";
                cell(row, call.ticket, "o_toll_call_ticket");
                cell(row, call.desk, "o_toll_call_desk");
                return row;
            })
        );
    }

    async function ask() {
        try {
            const answer = await fetch(board.dataset.url, {cache: "no-store"});
            if (answer.ok) {
                draw((await answer.json()).calls);
            }
            status.hidden = answer.ok;
        } catch {
            status.hidden = false;
        }
        setTimeout(ask, 4000);
    }

    ask();
})();
