package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestWrongFlagsAreRefusedBeforeAnythingIsAsked(t *testing.T) {
	for args, want := range map[string]string{
		"--fields id,titel":          "id, title, authors",
		"--fields id,id":             "twice",
		"-o xml":                     "table, json, ndjson, csv or tsv",
		"-o ids":                     "table, json, ndjson, csv or tsv",
		"--jq .[":                    ".[].title",
		"--jq nope":                  "nope",
		"--template {{":              "{{.id}}",
		"-q --json":                  "-q and --json",
		"-q -o table":                "-q and -o table",
		"-q --fields id":             "-q or --fields",
		"--jq . -o csv":              "--jq and -o csv",
		"--jq . --template x":        "--jq and --template",
		"--json -o ndjson":           "--json and -o ndjson",
		"--template x --json -o tsv": "--template and -o tsv",
		"--header --json":            "--header",
	} {
		_, err := newPrinter(&ui.Streams{Out: ui.Pipe(io.Discard)}, flags(t, strings.Fields(args)...), bookView(), asList)
		if api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: err = %v, want it to say %q", args, err, want)
		}
	}
}

func TestFlagsBeatTheEnvironment(t *testing.T) {
	for _, c := range []struct {
		args, preset string
		want         format
	}{
		{"", "", formatTSV},
		{"", "json", formatJSON},
		{"", "table", formatTable},
		{"-q", "json", formatIDs},
		{"--json", "csv", formatJSON},
		{"--jq .", "csv", formatJQ},
	} {
		f := flags(t, strings.Fields(c.args)...)
		f.preset = c.preset
		if got, err := f.format(false); got != c.want || err != nil {
			t.Errorf("%s with BAZAR_OUTPUT=%s: %s, %v", c.args, c.preset, got, err)
		}
	}
	f := outputFlags{preset: "xml"}
	if _, err := f.format(true); api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), "BAZAR_OUTPUT") {
		t.Errorf("err = %v", err)
	}
}

func TestErrorsAreJSONWhereTheOutputIs(t *testing.T) {
	for args, want := range map[string]bool{"": false, "--json": true, "-o ndjson": true, "--json --jq .": true, "-o csv": false, "--json -q": true} {
		f := flags(t, strings.Fields(args)...)
		if f.wantsJSON() != want {
			t.Errorf("%q: %v", args, !want)
		}
	}
}
