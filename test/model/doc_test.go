package model

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

func TestTheCodeThatTheModelIsHeldBesideIsThere(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]map[string]bool{
		"order": functions(t, "../../internal/order"), "catalog": functions(t, "../../internal/catalog"),
	}
	named := regexp.MustCompile(`\b(order|catalog)\.(\w+)`).FindAllStringSubmatch(string(doc), -1)
	if len(named) < 20 {
		t.Errorf("the package comment names %d functions of the services", len(named))
	}
	for _, n := range named {
		if !known[n[1]][n[2]] {
			t.Errorf("the package comment names %s, which is not there", n[0])
		}
	}
}

func TestTheModelStepsThatAreHeldBesideTheCodeAreThere(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	known, rows := functions(t, "."), 0
	for line := range strings.Lines(string(doc)) {
		columns := regexp.MustCompile(`\s{2,}`).Split(strings.TrimPrefix(strings.TrimSpace(line), "//"), -1)
		if len(columns) < 3 || !strings.HasPrefix(line, "//\t") {
			continue
		}
		rows++
		for _, name := range strings.Split(columns[len(columns)-2], ", ") {
			if !known[strings.TrimSpace(name)] {
				t.Errorf("the package comment names the step %q, which is not there", name)
			}
		}
	}
	if rows < 8 {
		t.Errorf("the package comment maps %d steps", rows)
	}
}

// functions are the names of the functions and methods in a directory.
func functions(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
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
