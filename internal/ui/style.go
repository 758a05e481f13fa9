package ui

import "github.com/charmbracelet/lipgloss"

// Role is what a piece of text is to its reader; how that looks is decided
// here alone.
type Role int

// The roles of text.
const (
	Plain Role = iota
	Title
	Dim
	Price
	Good // enough in stock, done
	Warn // nearly sold out, not settled
	Bad  // none left, refused
	ErrorLabel
	HintLabel
	Key
)

// Paint styles text for its role, with the 16 ANSI colours that every theme
// defines; without colour it is left as it is.
func (t *Terminal) Paint(role Role, text string) string {
	if !t.color || role == Plain || text == "" {
		return text
	}
	return style(t.renderer().NewStyle(), role).Render(text)
}

func style(s lipgloss.Style, role Role) lipgloss.Style {
	const red, green, yellow, cyan = lipgloss.Color("1"), lipgloss.Color("2"), lipgloss.Color("3"), lipgloss.Color("6")
	switch role {
	case Title:
		return s.Bold(true)
	case Dim, Key:
		return s.Faint(true)
	case Price:
		return s.Foreground(cyan)
	case Good:
		return s.Foreground(green)
	case Warn:
		return s.Foreground(yellow)
	case Bad:
		return s.Foreground(red)
	case ErrorLabel:
		return s.Foreground(red).Bold(true)
	case HintLabel:
		return s.Foreground(cyan).Bold(true)
	default:
		return s
	}
}
