package certs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/internal/certs"
	"github.com/bazar-store/bazar/pkg/api"
)

const day = 24 * time.Hour

func states(t *testing.T, d certs.Dir) string {
	t.Helper()
	list, err := d.Show()
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for i := range list {
		states = append(states, string(list[i].State))
	}
	return strings.Join(states, " ")
}

func TestCertificatesLastAYearAndAreRenewedInTheirLastMonth(t *testing.T) {
	start, path := time.Now(), t.TempDir()
	in := func(days int) certs.Dir { return certs.Dir{Path: path, Now: start.Add(time.Duration(days) * day)} }
	if _, err := in(0).Init(nil); err != nil {
		t.Fatal(err)
	}
	for days, want := range map[int]string{
		0: "valid valid valid valid valid", 334: "valid valid valid valid valid",
		336: "valid ending ending ending ending", 364: "valid ending ending ending ending", 366: "valid ended ended ended ended",
	} {
		if got := states(t, in(days)); got != want {
			t.Errorf("after %d days: %s", days, got)
		}
	}
	if renewed, err := in(334).Renew(nil, false); len(renewed) != 0 || err != nil {
		t.Errorf("after 334 days: %v, %v", renewed, err)
	}
	if renewed, err := in(336).Renew(nil, false); len(renewed) != 4 || err != nil {
		t.Errorf("after 336 days: %v, %v", renewed, err)
	}
	if got := states(t, in(366)); got != "valid valid valid valid valid" {
		t.Errorf("once renewed: %s", got)
	}
	// What a CA signs is good for no longer than the CA.
	_, err := in(3640).Renew(nil, true)
	if api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), "certs init") {
		t.Errorf("a CA that ends signs: %v", err)
	}
}

func TestRenewingKeepsTheHosts(t *testing.T) {
	d := certs.Dir{Path: t.TempDir(), Now: time.Now()}
	first, err := certs.ParseHosts([]string{"order=orders.example", "192.0.2.7", "catalog=*.books.example", "0:0:0:0:0:0:0:1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Init(first); err != nil {
		t.Fatal(err)
	}
	renewed, err := d.Renew(certs.Hosts{"order": {"more.example"}}, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range renewed {
		want := map[string]string{
			"catalog":  "localhost catalog *.books.example 127.0.0.1 ::1 192.0.2.7",
			"order":    "localhost order orders.example more.example 127.0.0.1 ::1 192.0.2.7",
			"account":  "localhost account 127.0.0.1 ::1 192.0.2.7",
			"frontend": "localhost frontend bazar 127.0.0.1 ::1 192.0.2.7",
		}[c.Name]
		if got := strings.Join(c.Hosts, " "); got != want {
			t.Errorf("%s is for %s, want %s", c.Name, got, want)
		}
	}
}

func TestHostsAreNamesAndAddresses(t *testing.T) {
	for text, well := range map[string]bool{
		"localhost": true, "a.b-c.example": true, "*.example": true, "10.0.0.7": true, "fe80::1": true, "order=x": true,
		"": false, "a..b": false, "-a": false, "a-": false, "*": false, "a.*.b": false, "a_b": false, "bücher.example": false,
		"http://a": false, "a:443": false, "[::1]": false, "shop=a": false, "order=": false, strings.Repeat("a", 64): false,
	} {
		if _, err := certs.ParseHosts([]string{text}); (err == nil) != well {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Whoever is cut off in the middle finds nothing half done.
func TestNothingIsWrittenOverAndNothingHalf(t *testing.T) {
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "order-key.pem"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := certs.Dir{Path: path, Now: time.Now()}
	if _, err := d.Init(nil); api.CodeOf(err) != api.CodeConflict || !strings.Contains(err.Error(), "order-key.pem") {
		t.Errorf("%v", err)
	}
	files, err := os.ReadDir(path)
	if err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
}
