package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The real export of 10,000 books, faults and all, by the command a shop keeper
// would type: twice, because the second time must change nothing.
func TestARealCatalogueIsImported(t *testing.T) {
	file, err := filepath.Abs("../../../shared/data/goodbooks-10k/books.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the shared data is not beside this checkout")
	}
	home := t.TempDir()
	bazar := func(args ...string) (out string, exit int) {
		cmd := exec.Command("bazar", args...)
		cmd.Env = append(os.Environ(), "HOME="+home, "BAZAR_DATA_DIR="+filepath.Join(home, "store"))
		data, err := cmd.Output()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(data), cmd.ProcessState.ExitCode()
	}
	load := []string{
		"import", file, "--key", "book_id", "--separator", ", ",
		"--map", "title=title,isbn13=isbn,authors=authors,year=original_publication_year,language=language_code",
		"--set", "price=9.99,currency=USD,stock=100,topics=popular", "--fields", "new,changed,same,rejected",
	}
	if out, exit := bazar(load...); out != "9977\t0\t0\t23\n" || exit != 8 {
		t.Fatalf("first: exit %d, %s", exit, out)
	}
	if out, exit := bazar("search", "hunger games", "--author", "collins", "--limit", "1", "--fields", "title,isbn13"); exit != 0 ||
		!strings.HasPrefix(out, "The Hunger Games (The Hunger Games, #1)\t9780439023481") {
		t.Errorf("search: exit %d, %s", exit, out)
	}
	if out, exit := bazar("buy", "9780439023481:2", "--fields", "state,total"); out != "confirmed\t19.98\n" || exit != 0 {
		t.Errorf("buy: exit %d, %s", exit, out)
	}
	if out, exit := bazar(load...); out != "0\t0\t9977\t23\n" || exit != 8 {
		t.Errorf("second: exit %d, %s", exit, out)
	}
	if out, _ := bazar("info", "9780439023481", "--fields", "stock"); out != "98\n" {
		t.Errorf("after importing again there are %s", out)
	}
}
