"""ISO 20022: pain.008.001.02 asks for money; pain.002 and camt.053/054 answer.

The same elements as the OCA generator writes, in the same order, but piece by piece:
its file costs several evaluated expressions per line.
"""

from datetime import date
from decimal import Decimal, InvalidOperation
from xml.sax.saxutils import escape

from lxml import etree

from .debit import Answer, DebitFileError, plain

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.02"
#: Statuses of pain.002 that are the last word.
PAID = ("ACSC", "ACCC")


def _amount(value):
    return f"{value:.2f}"


def _agent(tag, bic):
    inner = f"<BIC>{bic}</BIC>" if bic else "<Othr><Id>NOTPROVIDED</Id></Othr>"
    return f"<{tag}><FinInstnId>{inner}</FinInstnId></{tag}>"


def _account(tag, number):
    inner = (
        f"<IBAN>{number}</IBAN>"
        if number[:2].isalpha()
        else f"<Othr><Id>{number}</Id></Othr>"
    )
    return f"<{tag}><Id>{inner}</Id></{tag}>"


def _text(value, size):
    return escape(plain(value, size)) or "-"


def write(order, debits):
    """The pieces of a pain.008.001.02 file; one PmtInf per scheme and sequence."""
    groups = {}
    for debit in debits:
        groups.setdefault((debit.scheme, debit.sequence), []).append(debit)
    debits = [debit for part in groups.values() for debit in part]
    total = sum((debit.amount for debit in debits), Decimal(0))
    creditor = order.creditor
    name = _text(creditor.name, 70)
    yield "<?xml version='1.0' encoding='UTF-8'?>\n"
    yield f'<Document xmlns="{NAMESPACE}"><CstmrDrctDbtInitn>\n'
    yield (
        f"<GrpHdr><MsgId>{_text(order.name, 35)}</MsgId>"
        f"<CreDtTm>{order.created}</CreDtTm><NbOfTxs>{len(debits)}</NbOfTxs>"
        f"<CtrlSum>{_amount(total)}</CtrlSum><InitgPty><Nm>{name}</Nm></InitgPty>"
        "</GrpHdr>\n"
    )
    for (scheme, sequence), part in sorted(groups.items()):
        yield from _payment(order, scheme, sequence, part)
    yield "</CstmrDrctDbtInitn></Document>\n"


def _payment(order, scheme, sequence, debits):
    creditor = order.creditor
    total = sum((debit.amount for debit in debits), Decimal(0))
    yield (
        f"<PmtInf><PmtInfId>{_text(f'{order.name}-{scheme}-{sequence}', 35)}</PmtInfId>"
        f"<PmtMtd>DD</PmtMtd><BtchBookg>true</BtchBookg><NbOfTxs>{len(debits)}</NbOfTxs>"
        f"<CtrlSum>{_amount(total)}</CtrlSum><PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl>"
        f"<LclInstrm><Cd>{scheme}</Cd></LclInstrm><SeqTp>{sequence}</SeqTp></PmtTpInf>"
        f"<ReqdColltnDt>{order.collection_date.isoformat()}</ReqdColltnDt>"
        f"<Cdtr><Nm>{_text(creditor.name, 70)}</Nm></Cdtr>"
        f"{_account('CdtrAcct', creditor.account)}{_agent('CdtrAgt', creditor.bic)}"
        "<ChrgBr>SLEV</ChrgBr><CdtrSchmeId><Id><PrvtId><Othr>"
        f"<Id>{escape(creditor.identifier)}</Id>"
        "<SchmeNm><Prtry>SEPA</Prtry></SchmeNm></Othr></PrvtId></Id></CdtrSchmeId>\n"
    )
    for debit in debits:
        # what the payer's bank knows of an older account of the mandate
        amended = (
            "<AmdmntInd>true</AmdmntInd><AmdmntInfDtls><OrgnlDbtrAcct><Id><Othr>"
            "<Id>SMNDA</Id></Othr></Id></OrgnlDbtrAcct></AmdmntInfDtls>"
            if debit.is_amended
            else ""
        )
        yield (
            f"<DrctDbtTxInf><PmtId><InstrId>{debit.ref}</InstrId>"
            f"<EndToEndId>{debit.ref}</EndToEndId></PmtId>"
            f'<InstdAmt Ccy="{order.currency}">{_amount(debit.amount)}</InstdAmt>'
            f"<DrctDbtTx><MndtRltdInf><MndtId>{_text(debit.mandate, 35)}</MndtId>"
            f"<DtOfSgntr>{debit.signed.isoformat()}</DtOfSgntr>{amended}"
            f"</MndtRltdInf></DrctDbtTx>{_agent('DbtrAgt', debit.bic)}"
            f"<Dbtr><Nm>{_text(debit.name, 70)}</Nm></Dbtr>"
            f"{_account('DbtrAcct', debit.account)}"
            f"<RmtInf><Ustrd>{_text(debit.concept, 140)}</Ustrd></RmtInf>"
            "</DrctDbtTxInf>\n"
        )
    yield "</PmtInf>\n"


# Answers


def read_answers(content):
    """What a pain.002 or camt.053/054 file says of each collection."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser=parser)
    except (etree.XMLSyntaxError, ValueError):
        raise DebitFileError("not_xml") from None
    if root.getroottree().docinfo.doctype:
        # entities are never needed, and can swell to any size
        raise DebitFileError("doctype")
    namespace = etree.QName(root).namespace or ""
    if "pain.002.001" in namespace:
        answers = _read_pain(root)
    elif "camt.053.001" in namespace or "camt.054.001" in namespace:
        answers = _read_camt(root)
    else:
        raise DebitFileError("unknown_format", value=namespace[:80])
    if not answers:
        raise DebitFileError("empty")
    return answers


def _find(node, path):
    """The text at a path of local names, or nothing."""
    for name in path.split("/"):
        node = next(
            (
                child
                for child in node
                if isinstance(child.tag, str) and etree.QName(child).localname == name
            ),
            None,
        )
        if node is None:
            return ""
    return (node.text or "").strip()


def _all(node, name):
    return [found for found in node.iter(f"{{*}}{name}") if isinstance(found.tag, str)]


def _number(text, line):
    try:
        value = Decimal(text) if text else None
    except InvalidOperation:
        value = Decimal("NaN")
    if value is not None and not (value.is_finite() and 0 <= value < 10**15):
        raise DebitFileError("bad_number", line, text[:40])
    return value


def _date(text, line):
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise DebitFileError("bad_date", line, text[:40]) from None


def _read_pain(root):
    if any(
        _find(group, "GrpSts") == "RJCT" for group in _all(root, "OrgnlGrpInfAndSts")
    ) and not _all(root, "TxInfAndSts"):
        raise DebitFileError("all_refused")
    day = _find(root[0], "GrpHdr/CreDtTm") if len(root) else ""
    answers = []
    for line, node in enumerate(_all(root, "TxInfAndSts"), start=1):
        status = _find(node, "TxSts")
        outcome = "paid" if status in PAID else "pending"
        answers.append(
            Answer(
                line=line,
                ref=_find(node, "OrgnlEndToEndId"),
                amount=_number(_find(node, "OrgnlTxRef/Amt/InstdAmt"), line),
                # reports of unpaid debits often leave the status out
                outcome="returned" if status in ("RJCT", "") else outcome,
                code=_find(node, "StsRsnInf/Rsn/Cd")
                or _find(node, "StsRsnInf/Rsn/Prtry"),
                info=_find(node, "StsRsnInf/AddtlInf"),
                day=_date(day, line),
            )
        )
    return answers


def _read_camt(root):
    answers, line = [], 0
    for entry in _all(root, "Ntry"):
        day = _find(entry, "BookgDt/Dt") or _find(entry, "BookgDt/DtTm")
        for node in _all(entry, "TxDtls"):
            line += 1
            code = _find(node, "RtrInf/Rsn/Cd") or _find(node, "RtrInf/Rsn/Prtry")
            ref = _find(node, "Refs/EndToEndId")
            credit = _find(node, "CdtDbtInd") or _find(entry, "CdtDbtInd")
            is_return = bool(code or _all(node, "RtrInf"))
            if not is_return and (credit != "CRDT" or not ref):
                continue  # another movement of the bank account
            answers.append(
                Answer(
                    line=line,
                    ref=ref,
                    amount=_number(
                        _find(node, "AmtDtls/TxAmt/Amt")
                        or _find(node, "AmtDtls/InstdAmt/Amt")
                        or _find(node, "Amt")
                        or _find(entry, "Amt"),
                        line,
                    ),
                    outcome="returned" if is_return else "paid",
                    code=code,
                    info=_find(node, "RtrInf/AddtlInf"),
                    day=_date(day, line),
                )
            )
    return answers
