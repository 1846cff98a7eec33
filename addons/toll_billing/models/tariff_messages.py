"""Words for what core/ finds: plain functions, so that the models stay short."""

from odoo.tools import format_date, format_list, formatLang

from ..core.tariff_cells import DAY_BITS, clock, day_names

SHOWN = 25


def day_words(env, bits):
    """“Saturday and Sunday” for a bit mask of day types."""
    labels = _day_labels(env)
    if bits == sum(DAY_BITS.values()):
        return labels["any"]
    return format_list(env, [labels[name] for name in day_names(bits)])


def _day_labels(env):
    field = env["toll.tariff.rate"]._fields["day_type"]
    return dict(field._description_selection(env))


def problem_texts(env, problems):
    """One sentence per problem of a tariff version, naming the rows."""
    return [_problem_text(env, problem) for problem in problems]


def _problem_text(env, problem):
    rates = env["toll.tariff.rate"].browse(problem.rates)
    row = rates[:1].display_name or ""
    values = problem.values
    if problem.code == "bad_band":
        return env._("Band %(band)s: the hours are not valid.", band=values["band"])
    if problem.code == "unknown_band":
        return env._(
            "%(row)s: this version has no time band “%(band)s”.",
            row=row,
            band=values["band"],
        )
    if problem.code == "negative":
        return env._("%(row)s: the price is negative.", row=row)
    if problem.code == "foreign_plaza":
        plazas = env["toll.plaza"].browse(values["plazas"])
        return env._(
            "%(row)s: %(plazas)s belongs to another operator.",
            row=row,
            plazas=format_list(env, plazas.mapped("display_name")),
        )
    if problem.code == "duplicate":
        return env._(
            "%(row)s: the price is given %(count)s times.", row=row, count=len(rates)
        )
    if problem.code == "overlap":
        return env._(
            "%(rows)s: these rows all hold on %(days)s from %(start)s to %(end)s. Add "
            "a row that names both the band and the day type, or correct the hours.",
            rows=format_list(env, rates.mapped("display_name")),
            days=day_words(env, values["days"]),
            start=clock(values["from"]),
            end=clock(values["to"]),
        )
    if problem.code == "gap":
        rate = rates[:1]
        return env._(
            "Plaza %(plaza)s, class %(class)s: no price on %(days)s from %(start)s to "
            "%(end)s.",
            **{
                "plaza": " → ".join(
                    filter(None, (rate.entry_plaza_id.code, rate.plaza_id.code))
                ),
                "class": rate.class_id.code,
                "days": day_words(env, values["days"]),
                "start": clock(values["from"]),
                "end": clock(values["to"]),
            },
        )
    return _missing_text(env, values)


def _missing_text(env, values):
    plaza_id, entry_id, service = values["place"]
    plazas = env["toll.plaza"].browse([entry_id, plaza_id] if entry_id else [plaza_id])
    classes = env["toll.vehicle.class"].browse(values["classes"])
    return env._(
        "Plaza %(plaza)s, service %(service)s: no price for class %(classes)s.",
        plaza=" → ".join(plazas.mapped("display_name")),
        service=service,
        classes=format_list(env, classes.sorted().mapped("code")),
    )


def shorten(env, texts):
    """A list that fits on a screen."""
    lines = [f"• {text}" for text in texts[:SHOWN]]
    if len(texts) > SHOWN:
        lines.append(env._("… and %(count)s more.", count=len(texts) - SHOWN))
    return "\n".join(lines)


def fault_text(env, fault):
    """What is wrong in an imported file, with its line and column."""
    words = {
        "empty": env._("the file has no prices"),
        "no_plaza_column": env._("no column “plaza”"),
        "no_class_column": env._("no column “class”"),
        "no_price_column": env._("no column with prices"),
        "heading_twice": env._("the heading “%(text)s” stands twice", text=fault.text),
        "no_plaza": env._("the plaza is missing"),
        "no_class": env._("the class is missing"),
        "bad_day_type": env._(
            "“%(text)s” is no day type (any, weekday, saturday, sunday, holiday)",
            text=fault.text,
        ),
        "bad_amount": env._("“%(text)s” is no price", text=fault.text),
        "negative": env._("the price %(text)s is negative", text=fault.text),
        "price_twice": env._(
            "the price is given already in line %(text)s", text=fault.text
        ),
        "unknown_plaza": env._("the operator has no plaza “%(text)s”", text=fault.text),
        "unknown_class": env._("there is no vehicle class “%(text)s”", text=fault.text),
        "unknown_service": env._("there is no service “%(text)s”", text=fault.text),
        "unknown_band": env._(
            "this version has no time band “%(text)s”", text=fault.text
        ),
        "entry_plaza": env._(
            "“%(text)s” is an entry: give the exit plaza, with this one as entry",
            text=fault.text,
        ),
    }
    place = env._("Line %(line)s", line=fault.line)
    if fault.column:
        place = env._(
            "Line %(line)s, column %(column)s", line=fault.line, column=fault.column
        )
    return f"{place}: {words[fault.code]}."


def charge_sentences(env, explanation, currency):
    """The explanation of a price in plain words, one sentence a line."""
    tariff, rate = explanation["tariff"], explanation["rate"]
    money = formatLang(env, float(explanation["amount"]), currency_obj=currency)
    sentences = [
        env._(
            "%(service)s at %(plaza)s for class %(class)s: %(money)s.",
            **{
                "service": rate["service_name"],
                "plaza": " → ".join(filter(None, (rate["entry_plaza"], rate["plaza"]))),
                "class": rate["class_name"],
                "money": money,
            },
        ),
        env._(
            "Tariff of %(operator)s, version %(version)s, in force from %(day)s; price "
            "row %(row)s.",
            operator=tariff["operator"],
            version=tariff["version"],
            day=format_date(env, tariff["valid_from"]),
            row=rate["id"],
        ),
    ]
    if explanation["local_time"]:
        sentences.append(_moment_sentence(env, explanation))
    if rate["band"] != "all":
        sentences.append(
            env._(
                "Time band %(band)s (%(windows)s).",
                band=rate["band_name"],
                windows=rate["band_windows"],
            )
        )
    if rate["day_type"] != "any":
        sentences.append(env._("Price of: %(days)s.", days=rate["day_type_name"]))
    tax = explanation["tax"]
    if tax["name"]:
        sentences.append(
            env._(
                "Tax inside the price (%(tax)s): %(amount)s; net price %(net)s.",
                tax=tax["name"],
                net=formatLang(env, float(tax["base"]), currency_obj=currency),
                amount=formatLang(env, float(tax["amount"]), currency_obj=currency),
            )
        )
    return sentences


def _moment_sentence(env, explanation):
    labels = _day_labels(env)
    day = labels[explanation["day_type"]]
    if explanation["holiday"]:
        day = f"{day}, {explanation['holiday']}"
    return env._(
        "Local time at the plaza: %(moment)s (%(zone)s); %(day)s.",
        moment=explanation["local_time"],
        zone=explanation["time_zone"],
        day=day,
    )
