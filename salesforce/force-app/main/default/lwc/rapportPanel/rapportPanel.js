/**
 * Reads what Rapport wrote about an account and hands it to the view. It writes nothing and runs no Apex.
 */
import { LightningElement, api, wire } from 'lwc';
import { gql, graphql } from 'lightning/graphql';
import { getRecord } from 'lightning/uiRecordApi';
import FORM_FACTOR from '@salesforce/client/formFactor';
import LANG from '@salesforce/i18n/lang';
import LOCALE from '@salesforce/i18n/locale';
import TIME_ZONE from '@salesforce/i18n/timeZone';
import { fieldsOf, isWritten, valuesOf } from './rapportFields';

const ACCOUNT_FIELDS = fieldsOf('Account');
const SCORE_FIELDS = fieldsOf('Rapport_Score__c');

const SOURCES = gql`
    query rapportSources {
        uiapi {
            query {
                Rapport_Status__c(first: 200) {
                    edges {
                        node {
                            Id
                            Rapport_Source__c @optional {
                                value
                            }
                            Rapport_Last_Good_Day__c @optional {
                                value
                            }
                        }
                    }
                }
            }
        }
    }
`;

// Only which record it is: `getRecord` then leaves out what this user may not see, field by field.
const SCORE = gql`
    query rapportScore($accountId: ID) {
        uiapi {
            query {
                Rapport_Score__c(where: { Account__c: { eq: $accountId } }, first: 10) {
                    edges {
                        node {
                            Id
                            Rapport_Account_Id__c @optional {
                                value
                            }
                        }
                    }
                }
            }
        }
    }
`;

function nodes(data, objectName) {
    return (data?.uiapi?.query?.[objectName]?.edges ?? []).map((edge) => edge.node);
}

export default class RapportPanel extends LightningElement {
    @api title;
    @api hideScorecards = false;
    @api hideBrief = false;

    lang = LANG;
    locale = LOCALE;
    formFactor = FORM_FACTOR;
    account;
    scoreId;
    score;
    isScoreKnown = false;
    sources = [];
    failed = false;
    accountId;

    @api
    get recordId() {
        return this.accountId;
    }

    set recordId(value) {
        this.accountId = value;
        // what is still on its way is about another account
        Object.assign(this, { account: undefined, scoreId: undefined, score: undefined, isScoreKnown: false });
    }

    @wire(getRecord, { recordId: '$recordId', optionalFields: ACCOUNT_FIELDS })
    readAccount({ data, error }) {
        this.failed = Boolean(error);
        if (data) {
            this.account = valuesOf(data);
        }
    }

    @wire(graphql, { query: '$scoreQuery', operationName: 'rapportScore', variables: '$scoreVariables' })
    readScoreId({ data, errors }) {
        if (data || errors) {
            const found = nodes(data, 'Rapport_Score__c');
            // Accounts that were merged leave their records behind: it is the one that Rapport made for this account.
            const own = found.find((node) => node.Rapport_Account_Id__c?.value === this.recordId);
            this.scoreId = (own ?? found[0])?.Id;
            this.isScoreKnown ||= !this.scoreId;
        }
    }

    @wire(getRecord, { recordId: '$scoreId', optionalFields: SCORE_FIELDS })
    readScore({ data, error }) {
        if (data || error) {
            this.score = data ? valuesOf(data) : undefined;
            this.isScoreKnown = true;
        }
    }

    // Without the object, or without a right to it, the panel only does not say how old its data is.
    @wire(graphql, { query: SOURCES, operationName: 'rapportSources' })
    readSources({ data }) {
        this.sources = nodes(data, 'Rapport_Status__c')
            .map((node) => ({
                source: node.Rapport_Source__c?.value ?? '',
                day: node.Rapport_Last_Good_Day__c?.value ?? null,
            }))
            .filter((each) => each.source);
    }

    /** An org that keeps its scores off the account has nothing in the account's fields. */
    get isBeside() {
        return Boolean(this.account) && !isWritten(this.account);
    }

    get scoreQuery() {
        return this.isBeside ? SCORE : undefined;
    }

    get scoreVariables() {
        return { accountId: this.recordId };
    }

    get record() {
        return this.isBeside && this.score ? this.score : this.account;
    }

    get state() {
        if (this.failed) {
            return 'failed';
        }
        return this.account && (this.isScoreKnown || !this.isBeside) ? 'ready' : 'loading';
    }

    /** The day it is where the user is, as `2026-11-22`. */
    get today() {
        return new Intl.DateTimeFormat('en-CA', { timeZone: TIME_ZONE }).format(new Date());
    }
}
