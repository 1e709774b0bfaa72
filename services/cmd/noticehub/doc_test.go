package main

import (
	"testing"

	"github.com/alecthomas/kong"
)

func TestCommandLineIsWellFormed(t *testing.T) {
	t.Parallel()
	if _, err := kong.New(&program{}); err != nil {
		t.Fatal(err)
	}
}
