# The commands people use. Each is a script of scripts/; variables reach
# them through the environment (make exports what its command line sets).

.PHONY: help setup run test bench db upgrade lint format stop clean

help:
	@echo "make run    the suite with demo data on http://127.0.0.1:8069"
	@echo "make test   every test"
	@echo "make bench  the volume benchmarks"
	@echo "make db TOLL_DB=NAME [DEMO=1]   a fresh database"
	@echo "make upgrade TOLL_DB=NAME       a database to these addons, with a copy to go back"
	@echo "make lint   style;  make format   mend what can be mended"
	@echo "make stop   end the server and PostgreSQL"
	@echo "make clean  remove all that set-up made, databases included"

setup:
	@scripts/setup

run:
	@scripts/run

test:
	@scripts/test

bench: setup
	@scripts/bench

db: setup
	@test -n "$(TOLL_DB)" || { echo "make db TOLL_DB=NAME"; exit 1; }
	@scripts/db "$(TOLL_DB)"

upgrade: setup
	@scripts/upgrade

lint: setup
	@scripts/lint

format: setup
	@scripts/lint --fix

stop:
	@scripts/stop

clean: stop
	@scripts/clean
