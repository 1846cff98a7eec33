"""Files of bank debits: what is written is read again, and what is wrong is said."""

import random
import string
from datetime import date, timedelta
from decimal import Decimal

import pytest
from lxml import etree

from odoo.addons.toll_collections.core import debit_iso, debit_text
from odoo.addons.toll_collections.core.debit import (
    Answer,
    Creditor,
    Debit,
    DebitFileError,
    Order,
)

ORDER = Order(
    name="DEB/0001",
    creditor=Creditor(
        "Autopistas Ñandú, S.A.",
        "ES9121000418450200051332",
        "CAIXESBBXXX",
        "ES23ZZZ47690558N",
        "12345",
    ),
    collection_date=date(2026, 3, 31),
    created="2026-03-20T10:00:00",
    currency="EUR",
)


def _debit(number=1, **values):
    return Debit(
        **{
            "ref": str(number),
            "amount": Decimal("12.30"),
            "mandate": f"BM{number:07d}",
            "signed": date(2026, 1, 31),
            "sequence": "FRST",
            "name": "Peña & Hijos <SL>",
            "account": "ES7921000813610123456789",
            "concept": "Invoice INV/2026/0001",
            **values,
        }
    )


def _joined(pieces):
    return "".join(pieces).encode()


# Text layout


@pytest.mark.parametrize("seed", range(20))
def test_text_round_trip(seed):
    rng = random.Random(seed)
    letters = string.ascii_uppercase + string.digits
    debits = [
        _debit(
            number,
            ref=str(rng.randint(1, 10**12)),
            amount=Decimal(rng.randint(1, 10**9)) / 100,
            mandate="".join(rng.choices(letters, k=rng.randint(1, 35))),
            signed=date(2020, 1, 1) + timedelta(days=rng.randint(0, 4000)),
            sequence=rng.choice(["FRST", "RCUR", "OOFF", "FNAL"]),
            name="".join(rng.choices(letters, k=rng.randint(1, 40))),
            account="".join(rng.choices(string.digits, k=18)),
            concept="".join(rng.choices(letters, k=rng.randint(1, 36))),
        )
        for number in range(rng.randint(0, 50))
    ]
    content = _joined(debit_text.write(ORDER, debits))
    assert debit_text.read(content) == debits
    assert {len(line) for line in content.split(b"\r\n") if line} == {200}


def test_text_columns_stand_where_they_are_said_to():
    header, detail, trailer = debit_text.write(ORDER, [_debit(7)])
    assert header.startswith("H0212345     2026032020260331EURDEB/0001")
    assert detail[:62] == "D00000017" + " " * 19 + "ES7921000813610123456789".ljust(34)
    assert detail[62:77] == "000000000001230"
    assert detail[124:141] == "PENA - HIJOS -SL-"
    assert trailer.rstrip() == "T0000001000000000000001230"


def test_text_answers():
    said = [
        Answer(1, "41", Decimal("10.00"), "paid", day=date(2026, 4, 1)),
        Answer(2, "42", Decimal("5.55"), "returned", "04", "NO FUNDS"),
    ]
    content = _joined(debit_text.write_answers((a, "0" * 18) for a in said))
    assert debit_text.read_answers(content) == said


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.rsplit("T", 1)[0], "no_trailer"),
        (lambda text: text.replace("T0000001", "T0000002"), "wrong_count"),
        (lambda text: text.replace("1000\r\n", "1001\r\n"), "wrong_amount"),
        (lambda text: "X" + text[1:], "bad_line"),
        (lambda text: text.replace("R0000001", "R00000A1"), "bad_number"),
        (lambda text: text.replace("20260401", "20261301"), "bad_date"),
        (lambda text: text + "Ñ", "not_text"),
        (lambda text: "", "no_trailer"),
    ],
)
def test_text_answers_that_cannot_be_right(change, code):
    answer = Answer(1, "41", Decimal("10.00"), "paid", day=date(2026, 4, 1))
    lines = debit_text.write_answers([(answer, "0" * 18)])
    text = "\r\n".join(line.rstrip() for line in lines) + "\r\n"
    debit_text.read_answers(text.encode())
    with pytest.raises(DebitFileError) as caught:
        debit_text.read_answers(change(text).encode())
    assert caught.value.code == code


# ISO 20022


def test_pain_groups_by_sequence_and_adds_up():
    debits = [
        _debit(1),
        _debit(2, sequence="RCUR", bic="BSCHESMMXXX", is_amended=True),
        _debit(3),
    ]
    root = etree.fromstring(_joined(debit_iso.write(ORDER, debits)))
    space = {"p": debit_iso.NAMESPACE}

    def texts(path):
        return [node.text for node in root.iterfind(path, space)]

    assert texts(".//p:GrpHdr/p:CtrlSum") == ["36.90"]
    assert texts(".//p:PmtInf/p:CtrlSum") == ["24.60", "12.30"]
    assert texts(".//p:SeqTp") == ["FRST", "RCUR"]
    assert texts(".//p:EndToEndId") == ["1", "3", "2"]
    assert texts(".//p:Dbtr/p:Nm") == ["Pena - Hijos -SL-"] * 3


PAIN = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03">
<CstmrPmtStsRpt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-04-02T01:00:00</CreDtTm></GrpHdr>
<OrgnlPmtInfAndSts>
<TxInfAndSts><OrgnlEndToEndId>41</OrgnlEndToEndId><TxSts>RJCT</TxSts>
<StsRsnInf><Rsn><Cd>AM04</Cd></Rsn></StsRsnInf>
<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">12.30</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>
<TxInfAndSts><OrgnlEndToEndId>42</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts>
<TxInfAndSts><OrgnlEndToEndId>43</OrgnlEndToEndId><TxSts>PDNG</TxSts></TxInfAndSts>
</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"""
CAMT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.02">
<BkToCstmrDbtCdtNtfctn><GrpHdr/><Ntfctn><Ntry><Amt Ccy="EUR">20.00</Amt>
<CdtDbtInd>DBIT</CdtDbtInd><BookgDt><Dt>2026-04-02</Dt></BookgDt><NtryDtls>
<TxDtls><Refs><EndToEndId>41</EndToEndId></Refs>
<AmtDtls><TxAmt><Amt Ccy="EUR">12.30</Amt></TxAmt></AmtDtls>
<RtrInf><Rsn><Cd>MD01</Cd></Rsn></RtrInf></TxDtls>
<TxDtls><Refs><EndToEndId>99</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>
</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"""


def test_iso_answers():
    found = debit_iso.read_answers(PAIN.encode())
    assert [(a.ref, a.outcome, a.code) for a in found] == [
        ("41", "returned", "AM04"),
        ("42", "paid", ""),
        ("43", "pending", ""),
    ]
    assert found[0].amount == Decimal("12.30")
    (back,) = debit_iso.read_answers(CAMT.encode())
    assert (back.ref, back.outcome, back.code) == ("41", "returned", "MD01")
    assert back.amount == Decimal("12.30") and back.day == date(2026, 4, 2)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("no xml", "not_xml"),
        ("<Document xmlns='urn:other'/>", "unknown_format"),
        (f'<!DOCTYPE d [<!ENTITY x "41">]>{PAIN}', "doctype"),
        (
            f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            f"{PAIN.replace('>41<', '>&x;<')}",
            "doctype",
        ),
        (PAIN.replace("12.30", "NaN"), "bad_number"),
        (PAIN.replace("2026-04-02T", "2026-14-02T"), "bad_date"),
        (PAIN.split("<OrgnlPmt")[0] + "</CstmrPmtStsRpt></Document>", "empty"),
        (
            PAIN.split("<OrgnlPmt")[0] + "<OrgnlGrpInfAndSts><GrpSts>RJCT</GrpSts>"
            "</OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>",
            "all_refused",
        ),
    ],
)
def test_iso_answers_that_cannot_be_used(content, code):
    with pytest.raises(DebitFileError) as caught:
        debit_iso.read_answers(content.encode())
    assert caught.value.code == code
