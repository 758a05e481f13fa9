package onix

import "strings"

// languages lists ISO 639-1 codes, each before its ISO 639-2/T code.
func languages() string {
	return "aaaar ababk aeave afafr akaka amamh anarg arara asasm avava ayaym azaze babak bebel bgbul bhbih bibis bmbam " +
		"bnben bobod brbre bsbos cacat ceche chcha cocos crcre csces cuchu cvchv cycym dadan dedeu dvdiv dzdzo eeewe " +
		"elell eneng eoepo esspa etest eueus fafas ffful fifin fjfij fofao frfra fyfry gagle gdgla glglg gngrn guguj " +
		"gvglv hahau heheb hihin hohmo hrhrv hthat huhun hyhye hzher iaina idind ieile igibo iiiii ikipk ioido isisl " +
		"itita iuiku jajpn jvjav kakat kgkon kikik kjkua kkkaz klkal kmkhm knkan kokor krkau kskas kukur kvkom kwcor " +
		"kykir lalat lbltz lglug lilim lnlin lolao ltlit lulub lvlav mgmlg mhmah mimri mkmkd mlmal mnmon mrmar msmsa " +
		"mtmlt mymya nanau nbnob ndnde nenep ngndo nlnld nnnno nonor nrnbl nvnav nynya ococi ojoji omorm orori ososs " +
		"papan pipli plpol pspus ptpor quque rmroh rnrun roron rurus rwkin sasan scsrd sdsnd sesme sgsag sisin skslk " +
		"slslv smsmo snsna sosom sqsqi srsrp ssssw stsot susun svswe swswa tatam tetel tgtgk ththa titir tktuk tltgl " +
		"tntsn toton trtur tstso tttat twtwi tytah uguig ukukr ururd uzuzb veven vivie vovol wawln wowol xhxho yiyid " +
		"yoyor zazha zhzho zuzul "
}

// bibliographic lists the ISO 639-1 codes whose ISO 639-2/B code, which ONIX
// uses (code list 74), is another than the one in [languages].
func bibliographic() string {
	return "botib cscze cywel deger elgre eubaq faper frfre hyarm isice kageo mimao mkmac msmay mybur nldut rorum " +
		"skslo sqalb zhchi "
}

// pair is the length of an entry of the lists: two letters, three, a space.
const pair = 6

// twoLetters gives the ISO 639-1 code of an ISO 639-2 code, else the code as it
// is, in lower case.
func twoLetters(code string) string {
	code = strings.ToLower(code)
	if len(code) != 3 {
		return code
	}
	for _, list := range [...]string{bibliographic(), languages()} {
		for ; len(list) >= pair; list = list[pair:] {
			if list[2:5] == code {
				return list[:2]
			}
		}
	}
	return code
}

// threeLetters gives the ISO 639-2/B code of an ISO 639-1 code; false if it is
// none.
func threeLetters(code string) (string, bool) {
	if len(code) != 2 {
		return "", false
	}
	for _, list := range [...]string{bibliographic(), languages()} {
		for ; len(list) >= pair; list = list[pair:] {
			if list[:2] == code {
				return list[2:5], true
			}
		}
	}
	return "", false
}
