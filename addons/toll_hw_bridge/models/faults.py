"""What can go wrong with a TAG on an encoder, in the words of the screens."""

FAULTS = [
    ("no_tag", "No TAG on the plate"),
    ("many_tags", "More than one TAG on the plate"),
    ("wrong_tag", "Another TAG is on the plate"),
    ("locked", "The TAG is locked"),
    ("access_denied", "The TAG refuses the access password"),
    ("write_failed", "The TAG could not be written"),
    ("readback_differs", "What was read back is not what was written"),
    ("weak_signal", "The signal is too weak"),
    ("no_user_memory", "The TAG or the encoder has no user memory to write"),
    ("cable", "No connection to the encoder"),
    ("timeout", "The encoder did not answer in time"),
    ("protocol", "The encoder gave an unknown answer"),
    ("interrupted", "The agent was interrupted"),
    ("cancelled", "Cancelled at the station"),
    ("duplicate_tid", "The chip already belongs to another TAG"),
    ("duplicate_epc", "The EPC already belongs to another TAG"),
    ("two_chips", "Two chips carry the code of this TAG"),
    ("stock", "The stock could not be moved"),
    ("released", "Released by a person"),
    ("by_hand", "Rejected by a person"),
]
