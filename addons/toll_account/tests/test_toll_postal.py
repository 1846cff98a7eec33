"""The postal register: its file, the check of addresses, the help in forms (001-07)."""

import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged

from .common import TollCommon

HEADER = (
    "d_codigo|d_asenta|d_tipo_asenta|D_mnpio|d_estado|d_ciudad|d_CP|c_estado|c_oficina"
)
LINES = (
    "06600|Juárez|Colonia|Cuauhtémoc|Ciudad de México|Ciudad de México|06401|09|06401",
    "06600|Zona Rosa|Barrio|Cuauhtémoc|Ciudad de México|Ciudad de México|06401|09|0640",
    "58000|Morelia Centro|Colonia|Morelia|Michoacán de Ocampo|Morelia|58001|16|58001",
    "45980|Las Pilas|Ranchería|Ayotlán|Jalisco||47911|14|47911",
)


def mexican(*lines):
    licence = "El Catálogo Nacional de Códigos Postales es gratuito."
    return "\r\n".join([licence, HEADER, *lines, ""]).encode("latin-1")


@tagged("post_install", "-at_install")
class TestTollPostal(TollCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.codes = cls.env["toll.postal.code"]
        cls.codes.search([]).unlink()
        cls.company.country_id = cls.country

    def _load(self, content, user=None, country=None):
        wizard = (
            self.env["toll.postal.import"]
            .with_user(user or self.manager)
            .create(
                {
                    "file": base64.b64encode(content),
                    "filename": "CPdescarga.txt",
                    "country_id": (country or self.country).id,
                }
            )
        )
        return wizard.action_load()["params"]["message"]

    def test_the_mexican_file_is_loaded_and_changes_nothing_again_001_07(self):
        self.assertIn("4 new", self._load(mexican(*LINES)))
        rows = self.codes.search([("code", "=", "06600")])
        self.assertEqual(rows.mapped("settlement"), ["Juárez", "Zona Rosa"])
        self.assertEqual(rows.state_id, self.env.ref("base.state_mx_df"))
        michoacan = self.codes.search([("code", "=", "58000")])
        self.assertEqual(michoacan.state_id, self.env.ref("base.state_mx_mich"))
        self.assertEqual(michoacan.state, "Michoacán de Ocampo")
        again = self._load(mexican(*LINES))
        self.assertIn("0 new, 0 changed, 0 gone", again)
        less = LINES[0].replace("|Ciudad de México|06401|", "|CDMX|06401|")
        told = self._load(mexican(less))
        self.assertIn("0 new, 1 changed, 1 gone", told, "of that state only")
        self.assertEqual(self.codes.search_count([("code", "=", "58000")]), 1)
        log = self.env["toll.setting.log"].search(
            [("model", "=", "toll.postal.code")], limit=1
        )
        self.assertEqual(log.user_id, self.manager)

    def test_a_plain_csv_of_another_country(self):
        text = (
            "country;code;state;municipality;settlement;city\n"
            "ES;28001;Madrid;Madrid;;Madrid\n;08001;Barcelona;Barcelona;;Barcelona\n"
        )
        self._load(text.encode(), country=self.env.ref("base.es"))
        rows = self.codes.search([("country_id", "=", self.env.ref("base.es").id)])
        self.assertEqual(len(rows), 2)
        self.assertTrue(all(rows.mapped("state_id")))

    def test_what_is_no_register_is_refused(self):
        for content, words in (
            (b"a;b\n1;2\n", "missing"),
            (mexican("6600|x|y"), "cut off"),
            (mexican(LINES[0].replace("06600", "0660X")), "no postal code"),
            (b"code;state;municipality;settlement;city\n1;\xff;;;\n", "UTF-8"),
            (mexican(), "no lines"),
            (b"country;code;state;municipality;settlement;city\nQQ;1;;;;\n", "country"),
        ):
            with self.subTest(words), self.assertRaisesRegex(UserError, words):
                self._load(content)
        self.assertFalse(self.codes.search([]))
        for user in (self.agent, self.analyst):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self._load(mexican(*LINES), user)
            with self.assertRaises(AccessError):
                self.codes.with_user(user)._load(mexican(*LINES), self.country)

    def test_a_large_file_is_loaded_by_statements_not_by_rows(self):
        lines = [
            f"{number % 90000 + 1000:05}|Col. {number}|Colonia|Ayotlán|Jalisco||0|14|0"
            for number in range(20_000)
        ]
        content = mexican(*lines)
        self.env.flush_all()
        with self.assertQueryCount(20):
            self.assertEqual(self.codes._load(content, self.country)[1], 20_000)
        self.assertEqual(self.codes._load(content, self.country)[1:], (0, 0, 0))

    def test_addresses_that_do_not_fit_are_found_001_07(self):
        self._load(mexican(*LINES[:3]))
        rule = self.env.ref("toll_account.toll_quality_rule_postal_code")
        country = self.country.id
        cdmx = self.env.ref("base.state_mx_df").id
        people = self.env["res.partner"].create(
            [
                {"name": f"Postal {number}", "country_id": country, **values}
                for number, values in enumerate(
                    (
                        {"zip": "06600", "city": "CUAUHTEMOC", "state_id": cdmx},
                        {"zip": "06600", "city": "Zona Rosa"},
                        {
                            "zip": "45000",
                            "state_id": self.env.ref("base.state_mx_son").id,
                        },
                        {"zip": False, "city": "Anywhere"},
                        {"zip": "06600", "city": "Monterrey"},
                        {"zip": "58000", "state_id": cdmx},
                        {"zip": "99999"},
                    )
                )
            ]
        )
        for person in people:
            self._create_account(partner_id=person.id)
        rule._run()
        issues = self.env["toll.quality.issue"].search([("rule_id", "=", rule.id)])
        mine = issues.filtered(lambda issue: issue.partner_id in people)
        self.assertEqual(mine.partner_id, people[4:])
        self.assertIn(
            "Morelia", mine.filtered(lambda i: i.partner_id == people[5]).detail
        )
        people[4].city = "Ciudad de México"
        rule._run()
        solved = mine.filtered(lambda issue: issue.state == "solved")
        self.assertEqual(solved.partner_id, people[4])

    def test_forms_are_helped(self):
        self._load(mexican(*LINES))
        for country in (str(self.country.id), "mx"):
            found = self.url_open(f"/toll/postal/{country}/06600").json()
            self.assertEqual(
                (found["state_id"], found["municipality"], found["settlements"]),
                (
                    self.env.ref("base.state_mx_df").id,
                    "Cuauhtémoc",
                    ["Juárez", "Zona Rosa"],
                ),
            )
        for path in ("mx/00000", "zz/06600", "999999/06600", f"mx/{'9' * 40}"):
            self.assertEqual(self.url_open(f"/toll/postal/{path}").json(), {})
        form = Form(self.env["toll.signup"].with_user(self.agent))
        form.country_id = self.country
        form.zip = "58000"
        self.assertEqual(form.state_id, self.env.ref("base.state_mx_mich"))
        self.assertEqual(form.city, "Morelia")
        data = {
            "name": "Postal Web",
            "email": "postal.web@example.org",
            "phone": "",
            "plate": "",
            "class_id": 0,
            "marketing": False,
            "lang": "en_US",
            "company_id": self.company.id,
            "ip": "192.0.2.1",
            "address": {
                "zip": "58000",
                "street": "Madero 1",
                "street2": "",
                "city": "",
            },
        }
        partner = self.env["toll.account"]._sign_up_on_web(data).partner_id
        self.assertEqual(
            (partner.zip, partner.city, partner.state_id),
            ("58000", "Morelia", self.env.ref("base.state_mx_mich")),
        )

    def test_typing_a_code_fills_the_sign_up_form(self):
        """Keyboard and screen reader: the browser's own list, a spoken status line."""
        self._load(mexican(*LINES))
        page = self.url_open("/toll/signup").text
        self.assertIn('name="street2"', page)
        self.browser_js(
            "/toll/signup",
            """
            (async () => {
                const until = async (test) => {
                    while (!test()) { await new Promise((r) => setTimeout(r, 50)); }
                };
                const form = document.querySelector("form[action='/toll/signup']");
                const {zip, city, street2} = form.elements;
                await until(() => street2.getAttribute("list"));
                zip.value = "06600";
                zip.dispatchEvent(new InputEvent("input", {bubbles: true}));
                const status = form.querySelector("[role='status']");
                await until(() => status.textContent);
                const options = [...street2.list.options].map((o) => o.value).join();
                if (city.value === "Ciudad de México" && options === "Juárez,Zona Rosa"
                        && status.textContent.includes("Cuauhtémoc")) {
                    console.log("test successful");
                } else {
                    console.error(city.value, options, status.textContent);
                }
            })();
            """,
            timeout=120,
        )
