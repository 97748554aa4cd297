.PHONY: run test lint

run:
	@./script/server

test:
	@./script/test

lint:
	@./script/lint
