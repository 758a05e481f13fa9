package security_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The page says what shows each promise: tests with their packages, parts of
// tests in quotes, files, commands of the Makefile. All of them are there.
func TestWhatTheSecurityPageNamesIsThere(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	missing, rows := missingOf(t, string(page))
	if len(missing) > 0 {
		t.Errorf("the page names what is not there: %q", missing)
	}
	if rows < 25 {
		t.Errorf("only %d promises name what shows them", rows)
	}
}

func TestWhatIsNotThereWouldBeMissed(t *testing.T) {
	const page = "## What shows it\n\n| promise | shown by |\n|---|---|\n" +
		"| a | `internal/web`, `TestOnlyThisMachineIsAnswered` |\n" +
		"| b | `internal/web`, `TestNobodyWroteThis` |\n| c | `internal/nowhere`, `TestOnlyThisMachineIsAnswered` |\n" +
		"| d | `test/access`, \"a part that is not there\" |\n| e | `make tls-test`, `make nothing` |\n| f | our word |\n"
	missing, rows := missingOf(t, page)
	want := []string{"TestNobodyWroteThis", "internal/nowhere", "a part that is not there", "make nothing", "f"}
	for _, name := range want {
		found := false
		for _, m := range missing {
			found = found || strings.Contains(m, name)
		}
		if !found {
			t.Errorf("%q is not missed: %q", name, missing)
		}
	}
	if rows != 6 || strings.Contains(strings.Join(missing, " "), "tls-test") {
		t.Errorf("%d rows, %q", rows, missing)
	}
}

// missingOf reads the table under "What shows it". The tests of a row are in the
// packages that it names before them.
func missingOf(t *testing.T, page string) (missing []string, rows int) {
	t.Helper()
	_, table, found := strings.Cut(page, "## What shows it")
	if !found {
		t.Fatal("there is no table of what shows it")
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("`([^`]+)`|\"([^\"]+)\"")
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 2 || cells[0] == "| promise" {
			continue
		}
		rows++
		promise, room := strings.TrimPrefix(cells[0], "| "), ""
		shown := names.FindAllStringSubmatch(cells[1], -1)
		if len(shown) == 0 {
			missing = append(missing, promise+": nothing is named")
		}
		for _, name := range shown {
			switch code, part := name[1], name[2]; {
			case part != "":
				if !said(t, room, part) {
					missing = append(missing, room+": "+part)
				}
			case strings.HasPrefix(code, "Test"):
				if !tests(t, room)[code] {
					missing = append(missing, room+": "+code)
				}
			case strings.HasPrefix(code, "make "):
				if !strings.Contains(string(makefile), "\n"+strings.TrimPrefix(code, "make ")+":") {
					missing = append(missing, code)
				}
			case !strings.Contains(code, " "):
				if _, err := os.Stat(filepath.Join("../..", code)); err != nil {
					missing = append(missing, code)
				}
				room = code
			}
		}
	}
	return missing, rows
}

// tests are the names of the tests in a directory of the repository.
func tests(t *testing.T, room string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, file := range sources(t, room) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}

// said tells whether the tests in a directory have a part of this name.
func said(t *testing.T, room, part string) bool {
	t.Helper()
	for _, file := range sources(t, room) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"`+part+`"`) {
			return true
		}
	}
	return false
}

func sources(t *testing.T, room string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", room, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}
