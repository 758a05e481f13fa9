package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTablesAreMade(t *testing.T) {
	const tables = `<codeTables><codeTable><characterSet ISOcode="45">
		<code><marc>88</marc><ucs>0098</ucs></code>
		<code><marc>A1</marc><ucs>0141</ucs></code>
		<code><isCombining>true</isCombining><marc>EC</marc><ucs></ucs><alt>FE21</alt></code>
	</characterSet><characterSet ISOcode="31"><grouping>
		<code><marc>213021</marc><ucs>4E00</ucs></code>
		<code><marc>212A21</marc><ucs>E8D0</ucs><alt>3013</alt></code>
	</grouping></characterSet></codeTable></codeTables>`
	dir := t.TempDir()
	in := filepath.Join(dir, "codetables.xml")
	if err := os.WriteFile(in, []byte(tables), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{in, dir}); err != nil {
		t.Fatal(err)
	}
	set, err := os.ReadFile(filepath.Join(dir, "sets.bin"))
	if err != nil {
		t.Fatal(err)
	}
	want := "E" + "\x00\x00\x00" + "\x01\x41\x01" + strings.Repeat("\x00\x00\x00", 0x4a) + "\x00\x00\x02" + strings.Repeat("\x00\x00\x00", 19)
	if string(set) != want {
		t.Errorf("sets %q, want %q", set, want)
	}
	eacc, err := os.ReadFile(filepath.Join(dir, "eacc.bin"))
	if want := "\x21\x2a\x21\x00\x30\x13\x21\x30\x21\x00\x4e\x00"; err != nil || string(eacc) != want {
		t.Errorf("eacc %q, %v; want %q", eacc, err, want)
	}
	if err := run(nil); err == nil {
		t.Error("there is no error without arguments")
	}
}
