package marc

import "strings"

// languages lists the codes of the MARC Code List for Languages (ISO 639-2/B,
// and those that were in it before) with their ISO 639-1.
const languages = "aar=aa abk=ab afr=af aka=ak alb=sq amh=am ara=ar arg=an arm=hy asm=as ava=av ave=ae aym=ay aze=az " +
	"bak=ba bam=bm baq=eu bel=be ben=bn bih=bh bis=bi bos=bs bre=br bul=bg bur=my cam=km cat=ca cha=ch che=ce chi=zh chu=cu " +
	"chv=cv cor=kw cos=co cre=cr cze=cs dan=da div=dv dut=nl dzo=dz eng=en epo=eo esp=eo est=et ewe=ee fao=fo far=fo fij=fj " +
	"fin=fi fre=fr fri=fy fry=fy ful=ff gae=gd gag=gl gal=om geo=ka ger=de gla=gd gle=ga glg=gl glv=gv gre=el grn=gn gua=gn " +
	"guj=gu hat=ht hau=ha heb=he her=hz hin=hi hmo=ho hrv=hr hun=hu ibo=ig ice=is ido=io iii=ii iku=iu ile=ie ina=ia ind=id " +
	"int=ia ipk=ik iri=ga ita=it jav=jv jpn=ja kal=kl kan=kn kas=ks kau=kr kaz=kk khm=km kik=ki kin=rw kir=ky kom=kv kon=kg " +
	"kor=ko kua=kj kur=ku lan=oc lao=lo lat=la lav=lv lim=li lin=ln lit=lt ltz=lb lub=lu lug=lg mac=mk mah=mh mal=ml mao=mi " +
	"mar=mr max=gv may=ms mla=mg mlg=mg mlt=mt mol=ro mon=mn nau=na nav=nv nbl=nr nde=nd ndo=ng nep=ne nno=nn nob=nb nor=no " +
	"nya=ny oci=oc oji=oj ori=or orm=om oss=os pan=pa per=fa pli=pi pol=pl por=pt pus=ps que=qu roh=rm rum=ro run=rn rus=ru " +
	"sag=sg san=sa sao=sm scc=sr scr=hr sho=sn sin=si slo=sk slv=sl sme=se smo=sm sna=sn snd=sd snh=si som=so sot=st " +
	"spa=es srd=sc srp=sr sso=st ssw=ss sun=su swa=sw swe=sv swz=ss tag=tl tah=ty taj=tg tam=ta tar=tt tat=tt tel=te tgk=tg " +
	"tgl=tl tha=th tib=bo tir=ti ton=to tsn=tn tso=ts tsw=tn tuk=tk tur=tr twi=tw uig=ug ukr=uk urd=ur uzb=uz ven=ve vie=vi " +
	"vol=vo wel=cy wln=wa wol=wo xho=xh yid=yi yor=yo zha=za zul=zu " +
	"sqi=sq hye=hy eus=eu mya=my zho=zh ces=cs nld=nl fra=fr kat=ka deu=de ell=el isl=is mkd=mk mri=mi msa=ms fas=fa ron=ro slk=sk bod=bo cym=cy "

// languageOf gives the two-letter code of a language, its own of three letters
// where there is none, and "" for what names no language.
func languageOf(code string) string {
	code = strings.ToLower(code)
	for _, c := range []byte(code) {
		if c < 'a' || c > 'z' {
			return ""
		}
	}
	switch code {
	case "und", "zxx", "mis":
		return ""
	}
	if at := strings.Index(languages, code+"="); at >= 0 {
		return languages[at+4 : at+6]
	}
	return code
}
