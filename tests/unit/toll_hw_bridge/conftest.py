"""The agent is a project of its own: its package is found without installing it."""

import sys
from pathlib import Path

AGENT = Path(__file__).resolve().parents[3] / "addons/toll_hw_bridge/agent"
sys.path.insert(0, str(AGENT))
