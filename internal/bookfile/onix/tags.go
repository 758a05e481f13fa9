package onix

import "strings"

// tagNames gives the reference name of every element that is read, by its
// reference name and by its short tag. A composite's short tag is its reference
// name in lower case.
func tagNames() map[string]string {
	names := make(map[string]string, 200)
	for _, name := range strings.Fields(composites()) {
		names[name], names[strings.ToLower(name)] = name, name
	}
	for pair := range strings.FieldsSeq(elements()) {
		name, short, _ := strings.Cut(pair, "=")
		names[name], names[short] = name, name
	}
	return names
}

// composites lists the elements that hold others, of releases 3.1, 3.0 and 2.1.
func composites() string {
	return "Header Sender Product ProductIdentifier DescriptiveDetail TitleDetail TitleElement Title Contributor Language " +
		"Subject MainSubject CollateralDetail TextContent OtherText PublishingDetail Imprint Publisher PublishingDate " +
		"CopyrightStatement ProductSupply SupplyDetail Price Stock MainSeriesRecord SubSeriesRecord"
}

// elements lists the elements that hold text, with their short tags.
func elements() string {
	return `
		SenderName=x298 FromCompany=m174 DefaultCurrencyCode=m186 DefaultLanguageOfText=m184 NoProduct=x507
		RecordReference=a001 NotificationType=a002 ProductIDType=b221 IDTypeName=b233 IDValue=b244 ISBN=b004 EAN13=b005
		TitleType=b202 TitleElementLevel=x409 PartNumber=x410 TitleText=b203 TitlePrefix=b030 TitleWithoutPrefix=b031
		Subtitle=b029 TitleStatement=x478 DistinctiveTitle=b028
		SequenceNumber=b034 ContributorRole=b035 PersonName=b036 PersonNameInverted=b037 NamesBeforeKey=b039
		PrefixToKey=b247 KeyNames=b040 NamesAfterKey=b041 SuffixToKey=b248 CorporateName=b047 CorporateNameInverted=x443
		UnnamedPersons=b249
		LanguageRole=b253 LanguageCode=b252 LanguageOfText=b059
		SubjectSchemeIdentifier=b067 SubjectHeadingText=b070
		TextType=x426 TextTypeCode=d102 Text=d104 MainDescription=d101 Annotation=d100
		ImprintName=b079 PublishingRole=b291 PublisherName=b081 PublishingStatus=b394
		PublishingDateRole=x448 Date=b306 DateFormat=j260 PublicationDate=b003 YearFirstPublished=b088 CopyrightYear=b087
		ProductAvailability=j396 UnpricedItemType=j192 PriceType=x462 PriceTypeCode=j148 PriceAmount=j151 CurrencyCode=j152
		OnHand=j350`
}
